-- Equations.m2: equations of a variety: canonical minimal generators from a Gröbner basis, and what equations define.
--
-- Equations and monomials are written as lists: a term is a hash table of its exponents and its coefficient.

-- the elements of a homogeneous ideal's reduced Gröbner basis that are minimal generators: those whose leading monomials are not
-- leading monomials of the ideal of the elements of lower degree; G: a list, the reduced Gröbner basis
canonicalGenerators = (R, G) -> flatten apply(sort unique apply(G, g -> first degree g), d -> (
        below := select(G, g -> first degree g < d);
        here := select(G, g -> first degree g == d);
        if #below == 0 then here else (
            leading := ideal leadTerm gb(ideal below, DegreeLimit => d);
            select(here, g -> leadTerm g % leading != 0))))

-- the reduced Gröbner basis of the ideal that a Gröbner basis generates; a list
reducedBasis = G -> (
    I := ideal G;
    basis := select(flatten entries gens gb I, g -> g != 0);
    apply(basis, g -> leadTerm g + (g - leadTerm g) % I))

-- an equation as a list of terms, by falling monomials
termsOf = f -> apply(terms f, t -> (
        e := first exponents t;
        hashTable {"exponents" => e, "coefficient" => lift(leadCoefficient t, QQ)}))

-- canonical equations of the closure of the image, and the leading monomials of its ideal; G: the row of a Gröbner basis in the
-- order GRevLex; isHomogenized: whether the projective closure is meant, with y_0 last in the order and first among exponents
equationsOfImage = (G, isHomogenized) -> (
    Y := ring G;
    n := numgens Y;
    basis := select(flatten entries G, g -> g != 0);
    y := local y;
    R := if isHomogenized then (coefficientRing Y)[y_1..y_n, y_0] else Y;
    if isHomogenized then (
        move := map(R, Y, (gens R)_(toList(0 .. n-1)));
        basis = apply(basis, g -> homogenize(move g, R_n)));
    reduced := if #basis == 0 then {} else reducedBasis basis;
    generators' := canonicalGenerators(R, reduced);
    place := e -> if isHomogenized then prepend(last e, drop(e, -1)) else e;
    placed := T -> apply(T, t -> hashTable {"exponents" => place t#"exponents", "coefficient" => t#"coefficient"});
    hashTable {
        "equations" => apply(generators', f -> placed termsOf f),
        "leading" => apply(reduced, f -> place first exponents leadMonomial f)})

-- dimension and degree of what equations define, and whether they generate a prime ideal; L: a list of homogeneous polynomials
completenessOf = (R, L) -> (
    I := ideal(L | {0_R});
    hashTable {
        "dimension" => dim I,
        "degree" => degree I,
        "is_prime" => isPrime I})
