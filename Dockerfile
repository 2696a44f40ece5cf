# neuroalg with Macaulay2 and Sage.  Any user id, no network, a read-only root file system:
#   docker run --rm --read-only --network none --user 12345 neuroalg dim --arch mlp --widths 3,2,3 --cross-check
FROM docker.io/library/debian:bookworm-slim AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends binutils ca-certificates python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY pyproject.toml README.md LICENSE /src/
COPY neuroalg_cli /src/neuroalg_cli
COPY templates /src/templates
COPY m2_scripts /src/m2_scripts
COPY sage_scripts /src/sage_scripts
RUN python3 -m venv /opt/neuroalg \
    && /opt/neuroalg/bin/pip install --no-cache-dir --disable-pip-version-check '/src[engines]'
# Half of the size is the symbols of Sage's extension modules.  numpy's libraries do not survive strip, and the hash of the
# interface to Singular names the engine in reports, so it stays as the wheel has it.
RUN find /opt/neuroalg/lib/python3*/site-packages/sage -name '*.so' ! -name 'multi_polynomial_libsingular*' \
    -exec strip --strip-unneeded {} +

FROM docker.io/library/debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends python3 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/neuroalg /opt/neuroalg
ENV PATH=/opt/neuroalg/bin:/usr/local/bin:/usr/bin:/bin HOME=/tmp LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
RUN neuroalg doctor --require-engines
USER 65534:65534
WORKDIR /tmp
# The only place that a run writes to; a volume stays writable under --read-only.
VOLUME /tmp
ENTRYPOINT ["neuroalg"]
