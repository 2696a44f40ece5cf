-- ImageInvariants.m2: dimension and degree of the closure of the image of a polynomial map, by a Gröbner basis.
--
-- For phi: k^P -> k^n given by polynomials in a ring W = k[w_1..w_P], the ideal of the closure V of the image is the kernel of
-- k[y_1..y_n] -> W, y_i -> phi_i, that is the part without w of the ideal (y_i - phi_i) of the graph.  An order that
-- eliminates w yields a Gröbner basis of it (D. Cox, J. Little, D. O'Shea, Ideals, Varieties, and Algorithms, section 3.3).
-- Within y the order is by degree, so that the leading monomials have the dimension and the degree of V: of V as an affine
-- variety, and so of its projective closure.
--
-- Hypotheses: k is QQ or a prime field; over a finite field V is the closure over the algebraic closure.
-- What may go wrong: nothing but time and memory.  If there are positive weights of w for which every phi_i is homogeneous,
-- the computation is graded by them and proceeds degree by degree; without them it can take for ever.

-- positive weights of the variables for which all polynomials are homogeneous of positive degree, or null
positiveWeights = (W, phi) -> (
    if any(phi, f -> f == 0 or first degree f == 0) then return null;
    differences := flatten apply(phi, f -> (
        monomials' := exponents f;
        apply(drop(monomials', 1), e -> e - monomials'#0)));
    if all(differences, d -> sum d == 0) then return toList(numgens W : 1);
    -- rows: the multidegrees of the variables under the largest torus that acts
    multidegrees := gens ker matrix differences;
    if numColumns multidegrees == 0 then return null;
    heft := findHeft entries multidegrees;
    if heft === null then null else flatten entries(multidegrees * transpose matrix {heft}))

-- a Gröbner basis of the ideal of the closure of the image, a matrix with one row over k[y_1..y_n] in the order GRevLex, in which
-- it is one; phi: a list of polynomials in W, or numbers
imageBasis = (W, phi) -> (
    k := coefficientRing W;
    P := numgens W;
    n := #phi;
    polynomials := apply(phi, f -> promote(f, W));
    weights := positiveWeights(W, polynomials);
    graph := local graph;
    y := local y;
    w := local w;
    degrees' := if weights === null then toList(P + n : 1) else join(weights, apply(polynomials, f ->
            sum(first exponents f, weights, times)));
    S := k[w_1..w_P, y_1..y_n, Degrees => degrees', MonomialOrder => {GRevLex => toList(P:1), GRevLex => toList(n:1)}];
    inW := map(S, W, (gens S)_(toList(0 .. P-1)));
    graph = ideal apply(n, i -> S_(P+i) - inW polynomials#i);
    -- without parameters there is no block of w, and y would be taken for it
    relations' := if P == 0 then gens gb graph else selectInSubring(1, gens gb graph);
    Y := k[y_1..y_n];
    project := map(Y, S, join(toList(P : 0_Y), gens Y));
    project relations')

-- a hash table with dimension, codimension and degree of the closure of the image
imageInvariants = (W, phi) -> (
    leading := ideal leadTerm imageBasis(W, phi);
    n := #phi;
    hashTable {
        "dimension" => dim leading,
        "codimension" => n - dim leading,
        "degree" => degree leading})
