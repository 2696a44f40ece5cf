-- The usual way: the kernel of the ring map y_i -> phi_i, with the grading that makes it homogeneous, modulo a small prime.
-- Before this file is loaded: W, a polynomial ring over ZZ/32003 with the best grading; phi, a list of its elements.
Y = coefficientRing W[y_1..y_(#phi), Degrees => apply(phi, degree)];
start = cpuTime();
I = ker map(W, Y, phi);
found = degree sub(I, coefficientRing W[gens Y, Degrees => toList(#phi : 1)]);
<< "RESULT " << found << " " << cpuTime() - start << endl;
