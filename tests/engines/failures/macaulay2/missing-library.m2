print "begins"
load "NoSuchLibrary.m2"
