run("kill -KILL " | toString processID())
