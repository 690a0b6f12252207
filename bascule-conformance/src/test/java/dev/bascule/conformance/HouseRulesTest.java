package dev.bascule.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The rules of style that a machine can check, checked (TigerBeetle's idea: a rule that is not
 * enforced is a wish). An exception is a row here with its reason; a row that nothing needs any
 * more fails too.
 */
class HouseRulesTest {
  private static final int FILE_LINES_MAX = 600;
  private static final int METHOD_LINES_MAX = 60;

  /** Files that may be longer, by path, and why. */
  private static final Map<String, String> LONG_FILES =
      Map.of(
          "bascule-cpu/src/main/java/dev/bascule/cpu/asm/Row.java",
          "one row for each form of an instruction");

  /** Methods that may be longer, by class and name, and why. */
  private static final Map<String, String> LONG_METHODS =
      Map.of(
          "Arithmetic.compute", "one line for each primitive",
          "EmittedLaunch.<init>", "the argument block is written once, in its order",
          "OnnxFileTest.everyKindOfAttributeIsRead", "one line for each kind of attribute");

  /** Files that may hold a construct that the style forbids, by path, and why. */
  private static final Map<String, String> SLIPS = Map.of();

  private static final Pattern UNFINISHED =
      Pattern.compile("\\b(TO" + "DO|FIX" + "ME|XX" + "X)\\b");
  private static final Pattern EMPTY_NAME = Pattern.compile(".*(Manager|Helper|Util|Utils|Impl)");
  private static final Pattern UNOWNED_MEMORY =
      Pattern.compile("Arena\\.of" + "Auto|java\\.lang\\.ref\\.Clea" + "ner");

  private static SourceTree tree;

  @BeforeAll
  static void readSources() throws IOException {
    tree = SourceTree.read(SourceTree.repositoryRoot());
    System.out.println(tree.figures());
  }

  @Test
  void filesAreShort() {
    var seen = new TreeSet<String>();
    for (var file : tree.files()) {
      if (file.lines().size() > FILE_LINES_MAX) {
        seen.add(file.path() + " has " + file.lines().size() + " lines");
      }
    }
    assertOnlyExcepted(seen, LONG_FILES);
  }

  @Test
  void methodsAreShort() {
    var seen = new TreeSet<String>();
    for (var file : tree.files()) {
      for (var method : file.methods()) {
        if (method.lines() > METHOD_LINES_MAX) {
          seen.add(
              method.name()
                  + " has "
                  + method.lines()
                  + " lines, "
                  + file.path()
                  + ":"
                  + method.firstLine());
        }
      }
    }
    assertOnlyExcepted(seen, LONG_METHODS);
  }

  @Test
  void mainCodeHasNoMutableStaticsAndCatchesNoThrowable() {
    var seen = new TreeSet<String>();
    for (var file : mainFiles()) {
      for (var slip : file.slips()) {
        seen.add(file.path() + ":" + slip.line() + " " + slip.what());
      }
    }
    assertOnlyExcepted(seen, SLIPS);
  }

  @Test
  void nativeMemoryHasAnOwner() {
    assertThat(linesWhere(mainFiles(), line -> UNOWNED_MEMORY.matcher(line).find())).isEmpty();
  }

  @Test
  void nothingIsLeftUnfinished() {
    assertThat(linesWhere(tree.files(), line -> UNFINISHED.matcher(line).find())).isEmpty();
  }

  @Test
  void onlyReleasedFeaturesAreUsed() {
    assertThat(linesWhere(tree.files(), line -> line.startsWith("import jdk.incu" + "bator")))
        .isEmpty();
  }

  @Test
  void typesAreNamedAfterWhatTheyAre() {
    var seen = new ArrayList<String>();
    for (var file : tree.files()) {
      for (String type : file.types()) {
        if (EMPTY_NAME.matcher(type).matches()) {
          seen.add(type + " in " + file.path());
        }
      }
    }
    assertThat(seen).isEmpty();
  }

  @Test
  void everyPackageIsNullMarked() throws IOException {
    Path root = SourceTree.repositoryRoot();
    Set<String> packages = new TreeSet<>();
    for (var file : mainFiles()) {
      if (!file.path().endsWith("/module-info.java")) {
        packages.add(file.path().substring(0, file.path().lastIndexOf('/')));
      }
    }
    var unmarked = new ArrayList<String>();
    for (String folder : packages) {
      Path info = root.resolve(folder, "package-info.java");
      if (!Files.exists(info) || !Files.readString(info).contains("@NullMarked")) {
        unmarked.add(folder + "/package-info.java");
      }
    }
    assertThat(unmarked).as("packages without @NullMarked").isEmpty();
  }

  private static List<SourceTree.File> mainFiles() {
    return tree.files().stream().filter(SourceTree.File::isMain).toList();
  }

  private static List<String> linesWhere(List<SourceTree.File> files, Predicate<String> isBad) {
    return files.stream()
        .flatMap(file ->
            Stream.iterate(0, i -> i < file.lines().size(), i -> i + 1)
                .filter(i -> isBad.test(file.lines().get(i)))
                .map(i -> file.path() + ":" + (i + 1) + " " + file.lines().get(i).strip()))
        .toList();
  }

  /** Every finding starts with the key of an exception, and every exception has a finding. */
  private static void assertOnlyExcepted(Set<String> findings, Map<String, String> exceptions) {
    assertThat(
            findings.stream()
                .filter(finding -> exceptions.keySet().stream().noneMatch(finding::startsWith)))
        .as("findings beyond the exceptions")
        .isEmpty();
    assertThat(
            exceptions.keySet().stream()
                .filter(exception ->
                    findings.stream().noneMatch(finding -> finding.startsWith(exception))))
        .as("exceptions that nothing needs")
        .isEmpty();
  }
}
