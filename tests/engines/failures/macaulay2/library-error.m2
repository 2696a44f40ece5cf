load "Network.m2"
genericRank({0, {{"nonsense", {1}}, {"parameter", {1}}, {"input", {1}}}}, 1)
