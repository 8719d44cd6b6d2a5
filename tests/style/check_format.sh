#!/bin/sh
# check_format.sh ROOT: whether every tracked C++ file is as clang-format writes it.
cd "$1" || exit 1
files=$(git ls-files '*.cpp' '*.hpp' 2>/dev/null)
[ -n "$files" ] || files=$(find . -path ./build -prune -o -name '*.[ch]pp' -print) # a tree without its history
[ -n "$files" ] || exit 1
for file in $files; do [ ! -e "$file" ] || printf '%s\n' "$file"; done | # one may be deleted and not yet committed
  xargs clang-format --dry-run -Werror
