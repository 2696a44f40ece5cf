-- Network.m2: the generic rank of d phi for a polynomial or rational network, by forward mode modulo random primes.
--
-- A network is a list {output, nodes}: the position of the output node (from 0), and nodes in topological order.  A node is
-- a list: operation, shape, then operands (positions of earlier nodes), then what the operation needs besides.
--
--   {"input", shape}                           the input tensor x
--   {"parameter", shape}                       the next entries of w = (w_1, ..., w_P)
--   {"matmul", shape, {l, r}}                  matrix product (a, b) x (b, c), or (a, b) x (b)
--   {"sum", shape, operands}                   sum of tensors of one shape
--   {"product", shape, {l, r}}                 entrywise product
--   {"polynomial", shape, {u}, {{e, c}, ...}}  the sum of the c*z^e, applied to every entry z
--   {"gather", shape, operands, indices}       entries picked from the concatenated, flattened operands; -1 stands for 0
--   {"reciprocal", shape, {u}}                 1/z for every entry z
--
-- Tensors are flattened row by row.  An entry of a tensor is a DualNumber: its values at B inputs as a diagonal B x B matrix, and
-- its derivatives with respect to all parameters as a B x P matrix.  The rules for sums and products of DualNumbers are those of
-- calculus, and nothing is expanded.
--
-- An input at which an entry of a reciprocal is zero is a pole, and its rows are left out.  Where all inputs of a batch are
-- poles, w is drawn again; after 20 such draws in a row a denominator is taken to be zero identically, which is an error.
--
-- For random w the rank of the stacked derivatives d f_w(x_i)/dw is the rank of d phi at w once enough random inputs x_i were
-- taken: a vector in the kernel of the rows so far that is not in the kernel of d phi is cut off by a further random
-- input, unless a nonzero polynomial in x vanishes there.  One input may cut off no more than one dimension.
--
-- What may go wrong: the rank at a point modulo p is at most the generic rank, and smaller if the point is special; the
-- probability is at most (rank * degree of f in w)/p for each point (Schwartz, Zippel), where poles are rare.  The maximum over
-- points is returned.

DualNumber = new Type of HashTable
dualNumber = (v, d) -> new DualNumber from {"values" => v, "derivatives" => d}

DualNumber + DualNumber := (u, v) -> dualNumber(u#"values" + v#"values", u#"derivatives" + v#"derivatives")
DualNumber * DualNumber := (u, v) -> dualNumber(
    u#"values" * v#"values",
    u#"values" * v#"derivatives" + v#"values" * u#"derivatives")

-- the element of a prime field that a rational number or an integer stands for
residue = (c, K) -> promote(numerator(c/1), K) / promote(denominator(c/1), K)

-- the polynomial with the given terms, by the chain rule
applyTerms = (terms, u) -> (
    v := u#"values";
    K := ring v;
    f := 0*v;
    slope := 0*v;
    scan(terms, term -> (
        (e, c) := toSequence term;
        f = f + residue(c, K) * v^e;
        if e > 0 then slope = slope + residue(e*c, K) * v^(e-1)));
    dualNumber(f, slope * u#"derivatives"))

-- 1/z with the derivative -z'/z^2; an input where z is zero gets the value 0 and becomes a key of the mutable hash table poles
reciprocal = (u, poles) -> (
    v := u#"values";
    inverses := apply(numRows v, b -> (
        z := v_(b, b);
        if z == 0 then (poles#b = true; z) else 1/z));
    f := diagonalMatrix(ring v, inverses);
    dualNumber(f, -f * f * u#"derivatives"))

matrixProduct = (left, right, inner) -> (
    rows := #left // inner;
    columns := #right // inner;
    flatten table(rows, columns, (i, k) -> sum(inner, j -> left#(i*inner + j) * right#(j*columns + k))))

parameterCount = network -> sum(select(network#1, node -> node#0 == "parameter"), node -> product node#1)

-- the entries of the output as DualNumbers; w: a list of P elements of K, inputs: a B x n matrix over K, one row per input;
-- the rows of inputs that are poles become keys of the mutable hash table poles
evaluateNetwork = (network, w, inputs, poles) -> (
    K := ring inputs;
    B := numRows inputs;
    P := #w;
    noDerivatives := map(K^B, K^P, 0);
    zero := dualNumber(map(K^B, K^B, 0), noDerivatives);
    used := 0;
    done := new MutableHashTable;
    scan(#network#1, position -> (
        node := network#1#position;
        operands := if #node > 2 then apply(node#2, i -> done#i) else {};
        operation := node#0;
        done#position = (
            if operation == "input" then
                apply(numColumns inputs, j -> dualNumber(diagonalMatrix flatten entries inputs_{j}, noDerivatives))
            else if operation == "parameter" then (
                first := used;
                used = used + product node#1;
                apply(first .. used - 1, q -> dualNumber(w#q * id_(K^B), map(K^B, K^P, apply(B, b -> (b, q) => 1_K)))))
            else if operation == "matmul" then matrixProduct(operands#0, operands#1, last network#1#(node#2#0)#1)
            else if operation == "sum" then apply(#operands#0, i -> sum(operands, u -> u#i))
            else if operation == "product" then apply(#operands#0, i -> operands#0#i * operands#1#i)
            else if operation == "polynomial" then apply(operands#0, u -> applyTerms(node#3, u))
            else if operation == "gather" then (
                entries' := flatten apply(operands, toList);
                apply(node#3, i -> if i < 0 then zero else entries'#i))
            else if operation == "reciprocal" then apply(operands#0, u -> reciprocal(u, poles))
            else error("unknown operation " | operation))));
    done#(network#0))

-- the rank of d phi at one random point over the prime field K, and the number of inputs that were taken; null if all inputs
-- of a batch are poles
tryRandomPoint = (network, K) -> (
    P := parameterCount network;
    inputSize := product (first select(network#1, node -> node#0 == "input"))#1;
    outputSize := product network#1#(network#0)#1;
    patience := 4;        -- inputs without growth after which the rank is final
    largestBatch := 64;   -- bounds the memory, not the number of inputs
    w := apply(P, q -> random K);
    rows := map(K^0, K^P, 0);
    r := 0;
    taken := 0;
    idle := 0;
    while r < P and idle < patience do (
        missing := ceiling((P - r) / outputSize);
        batch := min(largestBatch, max(patience, missing));
        poles := new MutableHashTable;
        outputs := evaluateNetwork(network, w, random(K^batch, K^inputSize), poles);
        regular := select(toList(0 .. batch - 1), b -> not poles#?b);
        if #regular == 0 then return null;
        scan(toList outputs, u -> rows = rows || u#"derivatives"^regular);
        taken = taken + #regular;
        grown := rank rows;
        idle = if grown > r then 0 else idle + #regular;
        r = grown);
    (r, taken))

-- the same at a point with regular inputs
rankAtRandomPoint = (network, K) -> (
    found := null;
    for attempt from 1 to 20 when found === null do found = tryRandomPoint(network, K);
    if found === null then error "the network divides by zero at 20 random points; a denominator is zero identically";
    found)

-- a random prime of 23 bits that divides no denominator of an activation
randomPrime = network -> (
    denominators := flatten apply(network#1, node ->
        if node#0 == "polynomial" then apply(node#3, term -> denominator(term#1/1)) else {});
    p := 0;
    while p == 0 or any(denominators, d -> d % p == 0) do p = nextPrime(2^22 + random(2^22 - 1000));
    p)

-- the largest rank over random points, each modulo a prime of its own, with the evidence
genericRank = (network, points) -> (
    primes := for i from 1 to points list randomPrime network;
    found := apply(primes, p -> rankAtRandomPoint(network, ZZ/p));
    hashTable {
        "rank" => max apply(found, first),
        "ranks" => apply(found, first),
        "inputs" => max apply(found, last),
        "primes" => primes})
