# Finds the tools. Sourced by ./bascule and ./check; POSIX sh, and no process is started for a JDK that has a release
# file, because ./bascule comes through here at every start.

jdk_wanted=25

# jdk_version HOME: sets jdk_found to the feature version of the JDK there (17, 25 ...), or to nothing, and jdk_release
# to its whole version.
jdk_version() {
  jdk_found=
  jdk_release=
  [ -x "$1/bin/java" ] || return 0
  if [ -r "$1/release" ]; then
    while IFS='=' read -r key value; do
      [ "$key" = JAVA_VERSION ] || continue
      value=${value#\"}
      jdk_release=${value%%\"*}
      jdk_found=${jdk_release%%[!0-9]*}
      return 0
    done <"$1/release"
  fi
  value=$("$1/bin/java" -version 2>&1) || return 0
  value=${value#*\"}
  jdk_release=${value%%\"*}
  jdk_found=${jdk_release%%[!0-9]*}
}

# try_jdk HOME: true, and java_home set, when HOME is a JDK (a compiler included) that is new enough.
try_jdk() {
  [ -n "$1" ] && [ -x "$1/bin/javac" ] || return 1
  jdk_version "$1"
  [ -n "$jdk_found" ] && [ "$jdk_found" -ge "$jdk_wanted" ] || return 1
  java_home=$1
}

# find_jdk: sets java_home to a JDK that is new enough; false when there is none.
find_jdk() {
  java_home=
  if [ -n "${BASCULE_JAVA:-}" ]; then
    # The user chose: a home, or its java. A wrong choice is an error, not a reason to look elsewhere.
    case $BASCULE_JAVA in
      */bin/java) try_jdk "${BASCULE_JAVA%/bin/java}" ;;
      *) try_jdk "$BASCULE_JAVA" ;;
    esac
    return
  fi
  try_jdk "${JAVA_HOME:-}" && return 0
  if java=$(command -v java) && java=$(readlink -f "$java"); then
    try_jdk "${java%/bin/java}" && return 0
  fi
  for jdk in /usr/lib/jvm/* "$HOME"/.sdkman/candidates/java/* "$HOME"/.jdks/* "$HOME"/.asdf/installs/java/* \
    "$HOME"/.local/share/mise/installs/java/* /opt/jdk* /opt/java/* /usr/java/* /usr/local/openjdk* \
    /Library/Java/JavaVirtualMachines/*/Contents/Home "$HOME"/Library/Java/JavaVirtualMachines/*/Contents/Home; do
    try_jdk "$jdk" && return 0
  done
  return 1
}

say_jdk_is_missing() {
  if [ -n "${BASCULE_JAVA:-}" ]; then
    echo "bascule: BASCULE_JAVA is '$BASCULE_JAVA', which is no JDK $jdk_wanted or newer${jdk_found:+ (it is $jdk_found)}." >&2
    echo "  Let it name the home of one, or unset it to have one looked for." >&2
    return
  fi
  echo "bascule: no JDK $jdk_wanted or newer was found${JAVA_HOME:+ (JAVA_HOME is '$JAVA_HOME')}." >&2
  echo "  Looked at JAVA_HOME, the java on the PATH, /usr/lib/jvm, ~/.sdkman, ~/.jdks and /opt." >&2
  echo "  Get one with 'sdk install java $jdk_wanted-tem', from https://adoptium.net, or from your system's packages," >&2
  echo "  and set JAVA_HOME (or BASCULE_JAVA) to it." >&2
}

# find_maven: sets maven to the mvn to run; false when there is none.
find_maven() {
  maven=$(command -v mvn) && return 0
  for maven in "${MAVEN_HOME:-/nowhere}"/bin/mvn "$HOME"/.sdkman/candidates/maven/current/bin/mvn \
    /usr/share/maven/bin/mvn /opt/maven/bin/mvn /opt/apache-maven*/bin/mvn; do
    [ -x "$maven" ] && return 0
  done
  return 1
}

say_maven_is_missing() {
  echo "bascule: Maven is needed to build, and no mvn was found on the PATH, in MAVEN_HOME, ~/.sdkman or /opt." >&2
  echo "  Get it with 'apt-get install maven', 'sdk install maven', or from https://maven.apache.org." >&2
}
