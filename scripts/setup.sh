# Shared by ./ridgeline and ./run-tests, which set `root` (the tree) and `me` (a name for messages): installs Debian
# packages, configures and builds. Everything it says goes to stderr; progress is a bar on a terminal, plain lines
# otherwise. Ctrl-C leaves nothing half done that the next start would not repair.

say() { printf '%s: %s\n' "$me" "$*" >&2; }

# fail STATUS MESSAGE
fail() {
  status=$1
  shift
  say "$@"
  exit "$status"
}

# begin PRESET: opens the log of this build, takes the lock of its folder, cleans up when interrupted.
begin() {
  folder=$root/build/$1
  log=$root/build/$1.log
  result=$root/build/$1.result
  mkdir -p "$folder" || fail 1 "cannot write to $folder"
  exec 9>>"$folder.lock"
  if ! flock -n 9; then
    say "waiting for another build of $folder"
    flock 9
  fi
  trap 'interrupted 130' INT
  trap 'interrupted 143' TERM HUP
}

interrupted() {
  [ ! -t 2 ] || printf '\n' >&2
  say 'interrupted; start again to go on'
  exit "$1"
}

# show DONE TOTAL LABEL
show() {
  percent=$((100 * $1 / $2))
  if [ -t 2 ]; then
    printf '\r%s: %s [%-*.*s] %3d %%' "$me" "$3" 30 $((percent * 30 / 100)) '##############################' \
      $percent >&2
  elif [ $((percent / 20)) != "$shown" ]; then
    shown=$((percent / 20))
    say "$3: $percent %"
  fi
}

# follow LABEL: copies stdin to the log and shows how far ninja or apt-get has come.
follow() {
  shown=-1 done=0 total=0
  while IFS= read -r line; do
    printf '%s\n' "$line" >>"$log"
    case $line in
      '['[0-9]*/*[0-9]']'*)  # ninja: [done/total] what
        done=${line#?} total=${line#*/}
        done=${done%%/*} total=${total%%]*}
        ;;
      *[0-9]' newly installed, '*)  # apt-get: a package is fetched, unpacked, set up
        total=${line%% newly installed, *}
        total=$((3 * ${total##* }))
        ;;
      'Get:'* | 'Unpacking '* | 'Setting up '*) [ "$total" = 0 ] || done=$((done + 1)) ;;
      *) continue ;;
    esac
    case $done$total in *[!0-9]*) continue ;; esac
    [ "$total" = 0 ] || [ "$done" -gt "$total" ] || show "$done" "$total" "$1"
  done
  [ ! -t 2 ] || [ "$total" = 0 ] || printf '\n' >&2
}

# run LABEL COMMAND...: the status of the command, its output in the log only.
run() {
  label=$1
  shift
  rm -f "$result"
  { "$@" 2>&1 && echo ok >"$result"; } | follow "$label"
  [ -f "$result" ] && rm -f "$result"
}

# explain WHAT: the end of the log, and where the rest is.
explain() {
  tail -n 30 "$log" >&2
  fail 1 "$1 failed; the whole log is $log"
}

# packages PURPOSE...: their names, on one line.
packages() {
  for purpose; do sed -n "s/^$purpose: *//p" "$root/scripts/packages.txt"; done | tr '\n' ' '
}

# require_packages PURPOSE...: installs with apt-get what is missing: at once as root, after asking with sudo.
require_packages() {
  wanted=$(packages "$@")
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    say "this is no Debian system: going on in the hope that the likes of these are installed: $wanted"
    return
  fi
  installed=" $(dpkg-query -W -f '${db:Status-Status}:${Package} ' $wanted 2>/dev/null || true)"
  missing=
  for package in $wanted; do
    case $installed in *" installed:$package "*) ;; *) missing="$missing $package" ;; esac
  done
  [ -n "$missing" ] || return 0

  sudo=
  install="apt-get install -y --no-install-recommends$missing"
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null && sudo=sudo
    say 'Debian packages are missing; root installs them with'
    printf '  %s\n' "${sudo:+sudo }apt-get update && ${sudo:+sudo }$install" >&2
    [ -n "$sudo" ] && [ -t 0 ] && [ -t 2 ] || exit 2
    printf 'Run it now? [y/N] ' >&2
    read -r answer || answer=no
    case $answer in [yY]*) ;; *) exit 2 ;; esac
    sudo -v || exit 2  # the password now, not behind the progress bar
  fi
  say "installing Debian packages:$missing"
  : >"$log"
  # Old package lists may do: only the installation decides.
  run 'updating package lists' $sudo apt-get update || say 'apt-get update failed; trying with the lists that are here'
  run 'installing' $sudo env DEBIAN_FRONTEND=noninteractive $install || explain 'the installation'
}

# build PRESET TARGET: configures where that is needed, then builds.
build() {
  : >"$log"
  # A build folder does not survive a move of the tree.
  if [ ! -f "$folder/build.ninja" ] || ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$folder/CMakeCache.txt"; then
    say 'configuring'
    run configuring cmake -S "$root" --fresh --preset "$1" || explain 'the configuration'
  fi
  NINJA_STATUS='[%f/%t] '
  export NINJA_STATUS
  run building cmake --build "$folder" --target "$2" -j "$(nproc)" || explain 'the build'
}
