#!/bin/sh
# check_includes.sh ROOT: whether every file that names a library includes it itself, or by the header of its own name.
# Rooms are compiled in batches: a file may live on what another of its batch includes until batches change.
cd "$1" || exit 1
missing=$(
  while read -r name header; do
    grep -rlE --include="*.[ch]pp" "(^|[^a-zA-Z_:])$name::" app base calib data hwdesc model python search | while read -r file; do
      cat "$file" "${file%.cpp}.hpp" 2>/dev/null | grep -qE "#include [<\"]($header)" ||
        printf '%s names %s:: but includes no <%s…>\n' "$file" "$name" "$header"
    done
  done <<END
fmt fmt/
spdlog spdlog/
nlohmann nlohmann/
YAML yaml-cpp/
CLI CLI/
nlopt nlopt
H5 H5|hdf5
END
)
[ -z "$missing" ] || { printf '%s\n' "$missing"; exit 1; }
