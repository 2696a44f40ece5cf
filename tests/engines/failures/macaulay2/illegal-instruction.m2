run("kill -ILL " | toString processID())
while true do ()
