import sys

from result import write_result

sys.exit(0)
write_result({})
