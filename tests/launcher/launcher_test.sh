#!/bin/sh
# Tests ./ridgeline and ./run-tests in a copy of the tree where cmake, ctest, apt-get, dpkg-query, id and sudo are
# stand-ins that note how they were called: launcher_test.sh SOURCE_ROOT SCRATCH_FOLDER CASE
set -eu
source_root=$1
case_name=$3
rm -rf "$2/$case_name"
mkdir -p "$2/$case_name/bin" "$2/$case_name/tree/base" "$2/$case_name/tree/model/zoo"
cd "$2/$case_name"
here=$(pwd -P)
tree=$here/tree
export calls="$here/calls" here tree
export user=0            # what `id -u` answers
export installed=all     # packages that dpkg-query reports; "all" or a list
export program_status=0  # exit code of the program
: >"$calls"
cp -r "$source_root/ridgeline" "$source_root/run-tests" "$source_root/scripts" tree
touch tree/CMakeLists.txt tree/base/a.cpp

stand_in() {
  { echo '#!/bin/sh'; echo "echo \"$1 \$*\" >>\"\$calls\""; cat; } >"bin/$1"
  chmod +x "bin/$1"
}
stand_in cmake <<'END'
case "$*" in
  *--preset*)
    for preset; do :; done
    echo "CMAKE_HOME_DIRECTORY:INTERNAL=$tree" >"$tree/build/$preset/CMakeCache.txt"
    touch "$tree/build/$preset/build.ninja"
    ;;
  --build*)
    echo '[1/2] Building a.cpp'
    [ ! -p "$here/go" ] || cat "$here/go" # until the test has opened the pipe and closed it again
    if [ -f "$tree/broken" ]; then echo 'a.cpp:1: error: broken'; exit 1; fi
    mkdir -p "$tree/build/release/app"
    printf '#!/bin/sh\necho "in $(pwd):"\nfor a; do echo "<$a>"; done\nexit $program_status\n' \
      >"$tree/build/release/app/ridgeline"
    chmod +x "$tree/build/release/app/ridgeline"
    echo '[2/2] Linking'
    ;;
esac
END
stand_in ctest <<'END'
echo 'closing lines'
exit $program_status
END
stand_in apt-get <<'END'
[ ! -f "$here/offline" ] || { echo 'E: no network'; exit 100; }
echo '0 upgraded, 1 newly installed, 0 to remove'
END
stand_in dpkg-query <<'END'
shift 3
for p; do
  case " $installed " in *" all "* | *" $p "*) printf 'installed:%s ' "$p" ;; *) printf 'not-installed:%s ' "$p" ;; esac
done
END
stand_in id <<'END'
echo "$user"
END
stand_in sudo <<'END'
[ "$1" = -v ] || "$@"
END
PATH=$here/bin:/usr/bin:/bin

# ridgeline ARGUMENTS...: leaves its output in `out` and `err`, its exit code in `status`.
ridgeline() {
  status=0
  "$tree/ridgeline" "$@" >out 2>err </dev/null || status=$?
}
die() {
  printf 'FAILED: %s\n--- status %s\n--- out\n' "$1" "${status-}"
  cat out 2>/dev/null || true
  echo '--- err'; cat err 2>/dev/null || true
  echo '--- calls'; cat "$calls"
  exit 1
}
equal() { [ "$1" = "$2" ] || die "expected '$2', found '$1'"; }
contains() { grep -qF -- "$2" "$1" || die "no '$2' in $1"; }
lacks() { ! grep -qF -- "$2" "$1" || die "unexpected '$2' in $1"; }
# called TEXT TIMES: among the calls, apart from the questions to dpkg-query.
called() { equal "$(grep -v ^dpkg "$calls" | grep -cF -- "$1" || true)" "$2"; }
stamped() { [ -f "$tree/build/release/launcher.stamp" ]; }

first_start_builds_and_runs() {
  program_status=3 ridgeline estimate 'two words' ''
  equal "$status" 3
  equal "$(cat out)" "in $here:
<estimate>
<two words>
<>"
  contains err 'ridgeline: building; the first time takes a few minutes'
  contains err 'ridgeline: building: 100 %'
  called '--preset release' 1
  called '--target ridgeline' 1
  called 'apt-get' 0
}

later_starts_just_run() {
  ridgeline
  : >"$calls"
  program_status=2 ridgeline --help
  equal "$status" 2
  equal "$(cat err)" ''
  equal "$(cat "$calls")" ''
}

newer_sources_are_built() {
  ridgeline
  for change in base/a.cpp CMakeLists.txt base/new.hpp model/zoo/bert.yaml; do
    : >"$calls"
    touch "$tree/$change"
    ridgeline
    equal "$status" 0
    contains err "ridgeline: sources are newer than the program ($change ...): building again"
    called --build 1
    called --preset 0
    : >"$calls"
    ridgeline
    equal "$(cat "$calls")" ''
  done
}

data_and_documents_need_no_build() {
  ridgeline
  : >"$calls"
  touch "$tree/base/board.yaml" "$tree/README.md"
  ridgeline
  equal "$(cat "$calls")" ''
}

a_failed_build_says_why_and_is_tried_again() {
  ridgeline
  touch "$tree/base/a.cpp" "$tree/broken"
  ridgeline
  equal "$status" 1
  equal "$(cat out)" ''
  contains err 'a.cpp:1: error: broken'
  contains err "ridgeline: the build failed; the whole log is $tree/build/release.log"
  contains "$tree/build/release.log" '[1/2] Building a.cpp'
  ! stamped || die 'a stamp after a failed build'
  ridgeline
  equal "$status" 1  # the old program is not run in place of the new
  rm "$tree/broken"
  ridgeline
  equal "$status" 0
}

concurrent_starts_build_once() {
  mkfifo go waiting
  "$tree/ridgeline" one >out1 2>err1 </dev/null &
  first=$!
  exec 4>go # waits for the build to have begun
  "$tree/ridgeline" two >out2 2>waiting </dev/null 4>&- &
  second=$!
  exec 3<waiting
  read -r message <&3
  equal "$message" "ridgeline: waiting for another build of $tree/build/release"
  exec 4>&-
  wait $first || die 'the first start failed'
  wait $second || die 'the second start failed'
  contains out1 '<one>'
  contains out2 '<two>'
  called --build 1
}

# interrupt SIGNAL STATUS
interrupt() {
  mkfifo go
  setsid env --default-signal=INT "$tree/ridgeline" >out 2>err </dev/null &
  launcher=$!
  exec 4>go # waits for the build to have begun
  kill "-$1" "-$launcher"
  status=0
  wait $launcher || status=$?
  equal "$status" "$2"
  contains err 'ridgeline: interrupted; start again to go on'
  ! stamped || die 'a stamp after an interrupted build'
  exec 4>&-
  rm go
  ridgeline
  equal "$status" 0
}
an_interrupted_build_can_go_on() { interrupt INT 130; }
a_terminated_build_can_go_on() { interrupt TERM 143; }

packages_are_installed_at_once_as_root() {
  installed='cmake ninja-build mold ccache build-essential libboost-dev libcli11-dev libeigen3-dev libspdlog-dev'
  ridgeline
  equal "$status" 0
  equal "$(grep apt-get "$calls")" 'apt-get update
apt-get install -y --no-install-recommends libfmt-dev libhdf5-dev libnlopt-cxx-dev libyaml-cpp-dev nlohmann-json3-dev libpagmo-dev'
  contains err 'ridgeline: installing Debian packages: libfmt-dev libhdf5-dev libnlopt-cxx-dev libyaml-cpp-dev nlohmann-json3-dev libpagmo-dev'
}

without_root_and_terminal_the_apt_line_is_shown() {
  user=1000 installed=cmake ridgeline
  equal "$status" 2
  contains err 'ridgeline: Debian packages are missing; root installs them with'
  contains err '  sudo apt-get update && sudo apt-get install -y --no-install-recommends build-essential ninja-build'
  equal "$(grep -v ^dpkg "$calls")" 'id -u'
}

# on_terminal ANSWER: a start on a terminal of its own, as a user who answers so.
on_terminal() {
  status=0
  echo "$1" | user=1000 script -qec "$tree/ridgeline hello" /dev/null >out 2>&1 || status=$?
}
on_a_terminal_sudo_is_asked_for() {
  export installed=cmake
  on_terminal n
  equal "$status" 2
  contains out 'Run it now? [y/N]'
  called apt-get 0
  on_terminal y
  equal "$status" 0
  called 'sudo -v' 1
  called 'sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y' 1
  contains out '<hello>'
}

on_a_terminal_progress_is_a_bar() {
  on_terminal ''
  contains out 'ridgeline: building [###############               ]  50 %'
  contains out 'ridgeline: building [##############################] 100 %'
}

a_failed_installation_says_why() {
  touch offline
  installed=none ridgeline
  equal "$status" 1
  contains err 'E: no network'
  contains err "ridgeline: the installation failed; the whole log is $tree/build/release.log"
  called --build 0
}

a_moved_tree_is_configured_afresh() {
  ridgeline
  mv "$tree" "$here/moved"
  tree=$here/moved
  : >"$calls"
  ridgeline
  equal "$status" 0
  called '--fresh --preset release' 1
  called --build 1
}

links_to_the_launcher_work() {
  ln -s "$tree/ridgeline" "$here/bin/ridgeline-link"
  ridgeline-link hello >out 2>err </dev/null
  contains out '<hello>'
}

python_starts_with_the_module_on_its_path() {
  ridgeline python -c 'import os, sys; print(os.environ["PYTHONPATH"], sys.argv[1:])' 'two words'
  equal "$status" 0
  equal "$(cat out)" "$tree/build/release/python ['two words']"
  called '--target ridgeline_python' 1
  : >"$calls"
  PYTHONPATH=/elsewhere ridgeline python -c 'import os; print(os.environ["PYTHONPATH"])'
  equal "$(cat out)" "$tree/build/release/python:/elsewhere"
  equal "$(cat "$calls")" ''
}

converting_builds_its_program_with_its_packages() {
  installed='build-essential cmake ninja-build ccache mold libboost-dev libcli11-dev libeigen3-dev libfmt-dev libhdf5-dev'
  installed="$installed libnlopt-cxx-dev libspdlog-dev libyaml-cpp-dev nlohmann-json3-dev libpagmo-dev"
  ridgeline convert model.onnx
  equal "$status" 0
  equal "$(grep 'apt-get install' "$calls")" 'apt-get install -y --no-install-recommends libonnx-dev libprotobuf-dev'
  called '--target ridgeline-convert' 1
  : >"$calls"
  ridgeline convert --help
  called --build 0
}

converting_torchscript_builds_its_program_with_its_packages() {
  installed='build-essential cmake ninja-build ccache mold libboost-dev libcli11-dev libeigen3-dev libfmt-dev libhdf5-dev'
  installed="$installed libnlopt-cxx-dev libspdlog-dev libyaml-cpp-dev nlohmann-json3-dev libpagmo-dev"
  ridgeline convert model.pt --input 1x128:int64
  equal "$status" 0
  equal "$(grep 'apt-get install' "$calls")" 'apt-get install -y --no-install-recommends libopenblas0-openmp libtorch-dev'
  called '--target ridgeline-convert-torchscript' 1
}

run_tests_ends_as_ctest_does() {
  status=0
  program_status=8 "$tree/run-tests" -R 'a b' >out 2>err </dev/null || status=$?
  equal "$status" 8
  equal "$(tail -n 1 out)" 'closing lines'
  contains "$calls" '--preset dev'
  contains "$calls" "ctest --test-dir $tree/build/dev --output-on-failure"
  contains "$calls" '-R a b'
}

run_tests_installs_the_test_packages() {
  installed=none
  "$tree/run-tests" >out 2>err </dev/null
  contains "$calls" libgtest-dev
}

$case_name
