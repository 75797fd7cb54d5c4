#!/usr/bin/env python3
"""made_up.py letters|words COUNT: names as agents make them up that look for their server, of letters or of two words."""
import random, sys

draw = random.Random(20261129)
WORDS = ("table river stone cloud winter garden silver market window bridge forest summer letter circle planet copper "
         "marble velvet ladder engine basket candle mirror pepper saddle button").split()
for _ in range(int(sys.argv[2])):
    if sys.argv[1] == "words": label = "".join(draw.sample(WORDS, 2))
    else: label = "".join(draw.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(draw.randrange(12, 19)))
    print(f"{label}.{draw.choice(('com', 'net', 'org', 'info'))}")
