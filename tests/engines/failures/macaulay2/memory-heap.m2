L = new MutableList
i = 0
while true do (L#i = random(ZZ^500, ZZ^500); i = i + 1)
