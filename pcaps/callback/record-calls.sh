#!/bin/bash
# As record.sh; and the server connects to the visitor again and again, as an agent does that waits for commands.
CALLS=20 CAPTURE=calls exec "$(dirname "$0")/record.sh"
