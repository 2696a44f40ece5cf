-- Result.m2: the last act of every script, writeResult, leaves the file result.json.  One that computes several things may say
-- after each, with writeSoFar, what it has by then: the file so-far.json is read if the script is stopped.
--
-- JSON without numbers: an integer or a rational number is a string, so that no digit is lost.  Values: ZZ, QQ, Boolean, null,
-- String (a plain word), lists of values and hash tables whose keys are strings.  The file appears by renaming, so that a
-- script that was stopped leaves none.

toResult = method()
toResult ZZ := n -> format toString n
toResult QQ := q -> format toString q
toResult Boolean := b -> toString b
toResult Nothing := b -> "null"
toResult String := s -> format s
toResult VisibleList := L -> "[" | demark(", ", apply(toList L, toResult)) | "]"
toResult HashTable := H -> "{" | demark(", ", apply(sort keys H, k -> format k | ": " | toResult H#k)) | "}"

writeTo = (name, values) -> (
    partial := name | ".partial";
    partial << toResult values << endl << close;
    if fileExists name then removeFile name;
    moveFile(partial, name))

writeResult = values -> writeTo("result.json", values)
writeSoFar = values -> writeTo("so-far.json", values)
