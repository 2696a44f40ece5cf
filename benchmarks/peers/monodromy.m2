-- NumericalImplicitization: the degree of the image by monodromy and the trace test.
-- Before this file is loaded: W, a polynomial ring over CC; phi, a list of its elements; the package.
setRandomSeed 1;
start = cpuTime();
found = numericalImageDegree(matrix {phi}, ideal 0_W, Verbose => false);
<< "RESULT " << found << " " << cpuTime() - start << endl;
