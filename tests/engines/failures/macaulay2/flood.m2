while true do print "flood"
