load "Result.m2"
end
writeResult hashTable {}
