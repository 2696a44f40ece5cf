-- HilbertInvariants.m2: Hilbert series, Hilbert polynomial and Betti table of a homogeneous ideal.
--
-- R = k[y_1..y_N] with all variables of degree 1, I a homogeneous ideal.  The Hilbert series of R/I is K(t)/(1-t)^N.  The Betti
-- number (i, d) is the number of generators of degree d of the i-th module of a minimal free resolution of R/I; the largest d - i
-- is the Castelnuovo-Mumford regularity of R/I (D. Eisenbud, The Geometry of Syzygies, chapters 1 and 4).
--
-- What may go wrong: nothing but time and memory.  The resolution may take far longer than the series; it is given up after so
-- many seconds, and its table is empty then.

-- the ideal of the projective closure, in the variables of the ring and y_0, which comes last in the order; basis: a matrix with one
-- row, a Gröbner basis in an order by degree (D. Cox, J. Little, D. O'Shea, Ideals, Varieties, and Algorithms, section 8.4)
projectiveClosure = basis -> (
    Y := ring basis;
    n := numgens Y;
    k := coefficientRing Y;
    z := local z;
    closure := k[z_1..z_(n+1)];
    inClosure := map(closure, Y, (gens closure)_(toList(0 .. n-1)));
    ideal homogenize(inClosure basis, closure_n))

-- the coefficients of a polynomial in one variable: a list of pairs of exponent and coefficient
coefficientPairs = f -> sort apply(listForm f, term -> {first first term, last term})

-- a hash table: numerator K as pairs, polynomial by powers of its variable as pairs, dimension, degree, and betti as triples
-- {i, d, number}
hilbertInvariants = (I, seconds) -> (
    quotient := (ring I)^1 / I;
    numerator' := coefficientPairs poincare quotient;
    polynomial := coefficientPairs hilbertPolynomial(quotient, Projective => false);
    resolution := try (
        alarm seconds;
        table' := betti res I;
        alarm 0;
        table') else (
        alarm 0;
        null);
    hashTable {
        "numerator" => numerator',
        "polynomial" => apply(polynomial, pair -> {pair#0, lift(pair#1, QQ)}),
        "dimension" => dim I,
        "degree" => degree I,
        "betti" => if resolution === null then {} else
            sort apply(pairs resolution, entry -> {entry#0#0, entry#0#2, entry#1})})
