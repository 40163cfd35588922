#!/bin/sh
# One line about what happens next, apart from the output of the tools.
printf '\n== %s\n' "$*"
