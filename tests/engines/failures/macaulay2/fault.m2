load "Result.m2"
run("kill -SEGV " | toString processID())
writeResult hashTable {}
