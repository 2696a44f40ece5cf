load "Result.m2"
f = x -> undefinedFunction(x + 1)
f 4
writeResult hashTable {}
