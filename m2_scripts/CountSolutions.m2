-- CountSolutions.m2: the number of solutions of a system of equations, from a Gröbner basis.
--
-- The monomials that no leading monomial of a Gröbner basis divides are a basis of the coordinate ring of the solutions (D. Cox,
-- J. Little, D. O'Shea, Ideals, Varieties, and Algorithms, section 5.3): they are counted, over the algebraic closure and with
-- multiplicity.
--
-- Hypotheses: the equations have coefficients in a prime field of at most 31 bits.
-- What may go wrong: nothing but time and memory.

-- a Gröbner basis by F4, or by Buchberger's algorithm where F4 refuses the ring
basisByF4 = I -> try groebnerBasis(I, Strategy => "F4") else gens gb I

-- the number of solutions, null for infinitely many; equations: a list of polynomials in W, or numbers
countSolutions = (W, equations) -> (
    leading := monomialIdeal leadTerm basisByF4 ideal apply(equations, f -> promote(f, W));
    if dim leading > 0 then null else if dim leading < 0 then 0 else degree leading)
