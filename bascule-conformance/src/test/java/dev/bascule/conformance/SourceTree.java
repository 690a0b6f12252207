package dev.bascule.conformance;

import com.sun.source.tree.CatchTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.tree.TryTree;
import com.sun.source.tree.VariableTree;
import com.sun.source.util.JavacTask;
import com.sun.source.util.SourcePositions;
import com.sun.source.util.TreePathScanner;
import com.sun.source.util.Trees;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import javax.lang.model.element.Modifier;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

/**
 * Every Java file of the repository, parsed by the JDK's own compiler and measured. Also a program
 * that prints the figures:
 *
 * <pre>java bascule-conformance/src/test/java/dev/bascule/conformance/SourceTree.java</pre>
 *
 * @param files in the order of their paths
 */
record SourceTree(List<File> files) {

  /**
   * One source file.
   *
   * @param path from the repository's root, with slashes
   * @param lines its text
   */
  record File(
      String path, List<String> lines, List<Method> methods, List<String> types, List<Slip> slips) {
    File {
      lines = List.copyOf(lines);
      methods = List.copyOf(methods);
      types = List.copyOf(types);
      slips = List.copyOf(slips);
    }

    boolean isMain() {
      return path.contains("/src/main/");
    }
  }

  /**
   * A method or constructor.
   *
   * @param lines from its first annotation or modifier to its closing brace; its documentation is
   *     not counted
   */
  record Method(String name, int firstLine, int lines) {}

  /** A construct that the style forbids, seen in the tree. */
  record Slip(int line, String what) {}

  SourceTree {
    files = List.copyOf(files);
  }

  /** The folder above (or at) the working directory that holds the {@code bascule} command. */
  static Path repositoryRoot() {
    for (Path folder = Path.of("").toAbsolutePath(); folder != null; folder = folder.getParent()) {
      if (Files.isRegularFile(folder.resolve("bascule"))
          && Files.isDirectory(folder.resolve("bascule-core"))) {
        return folder;
      }
    }
    throw new IllegalStateException(
        "no repository of Bascule above " + Path.of("").toAbsolutePath());
  }

  static SourceTree read(Path root) throws IOException {
    List<Path> sources;
    try (Stream<Path> modules = Files.list(root)) {
      sources =
          modules
              .filter(module -> module.getFileName().toString().startsWith("bascule-"))
              .map(module -> module.resolve("src"))
              .filter(Files::isDirectory)
              .flatMap(SourceTree::javaFilesUnder)
              .sorted()
              .toList();
    }
    var compiler = ToolProvider.getSystemJavaCompiler();
    try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null)) {
      var task =
          (JavacTask)
              compiler.getTask(
                  null,
                  manager,
                  null,
                  List.of("-proc:none"),
                  null,
                  manager.getJavaFileObjectsFromPaths(sources));
      SourcePositions positions = Trees.instance(task).getSourcePositions();
      var files = new ArrayList<File>();
      for (CompilationUnitTree unit : task.parse()) {
        Path path = Path.of(unit.getSourceFile().toUri());
        var survey = new Survey(unit, positions);
        survey.scan(unit, null);
        files.add(
            new File(
                root.relativize(path).toString().replace('\\', '/'),
                Files.readAllLines(path),
                survey.methods,
                survey.types,
                survey.slips));
      }
      files.sort(Comparator.comparing(File::path));
      return new SourceTree(files);
    }
  }

  private static Stream<Path> javaFilesUnder(Path folder) {
    try (Stream<Path> paths = Files.walk(folder)) {
      return paths.filter(path -> path.toString().endsWith(".java")).toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** How long things are, in a few lines for a reader. */
  String figures() {
    return "main:  "
        + figures(files.stream().filter(File::isMain).toList())
        + "\ntests: "
        + figures(files.stream().filter(file -> !file.isMain()).toList());
  }

  private static String figures(List<File> files) {
    int lines = files.stream().mapToInt(file -> file.lines().size()).sum();
    List<Method> methods =
        files.stream()
            .flatMap(file -> file.methods().stream())
            .sorted(Comparator.comparingInt(Method::lines))
            .toList();
    if (methods.isEmpty()) {
      return "%d files, %d lines".formatted(files.size(), lines);
    }
    File longest =
        files.stream().max(Comparator.comparingInt(file -> file.lines().size())).orElseThrow();
    Method longestMethod = methods.getLast();
    return "%d files, %d lines, %d methods; lines of a method: median %d, p90 %d, longest %d (%s); longest file: %d (%s)"
        .formatted(
            files.size(),
            lines,
            methods.size(),
            methods.get(methods.size() / 2).lines(),
            methods.get(methods.size() * 9 / 10).lines(),
            longestMethod.lines(),
            longestMethod.name(),
            longest.lines().size(),
            longest.path());
  }

  /** Collects from one parsed file. */
  private static final class Survey extends TreePathScanner<Void, Void> {
    private final CompilationUnitTree unit;
    private final SourcePositions positions;
    private final List<Method> methods = new ArrayList<>();
    private final List<String> types = new ArrayList<>();
    private final List<Slip> slips = new ArrayList<>();

    Survey(CompilationUnitTree unit, SourcePositions positions) {
      this.unit = unit;
      this.positions = positions;
    }

    @Override
    public Void visitClass(ClassTree type, Void nothing) {
      types.add(type.getSimpleName().toString());
      return super.visitClass(type, null);
    }

    @Override
    public Void visitMethod(MethodTree method, Void nothing) {
      long end = positions.getEndPosition(unit, method);
      if (method.getBody() != null && end >= 0) {
        int first = line(method);
        int last = (int) unit.getLineMap().getLineNumber(end);
        methods.add(new Method(owner() + "." + method.getName(), first, last - first + 1));
      }
      return super.visitMethod(method, null);
    }

    @Override
    public Void visitVariable(VariableTree variable, Void nothing) {
      var flags = variable.getModifiers().getFlags();
      boolean isField = getCurrentPath().getParentPath().getLeaf() instanceof ClassTree;
      if (isField && flags.contains(Modifier.STATIC) && !flags.contains(Modifier.FINAL)) {
        slips.add(new Slip(line(variable), "mutable static " + variable.getName()));
      }
      return super.visitVariable(variable, null);
    }

    /**
     * A method handle throws Throwable by its signature: there it must be caught, or be what is
     * left after errors have been thrown on.
     */
    @Override
    public Void visitTry(TryTree attempt, Void nothing) {
      boolean isBound = attempt.getBlock().toString().contains(".invokeExact(");
      for (CatchTree clause : attempt.getCatches()) {
        String caught = clause.getParameter().getType().toString();
        isBound |= caught.endsWith("Error") && clause.getBlock().toString().contains("throw e;");
        if (!isBound && caught.equals("Throwable")) {
          slips.add(new Slip(line(clause), "catch (Throwable)"));
        }
      }
      return super.visitTry(attempt, null);
    }

    private int line(Tree tree) {
      return (int) unit.getLineMap().getLineNumber(positions.getStartPosition(unit, tree));
    }

    private String owner() {
      return getCurrentPath().getParentPath().getLeaf() instanceof ClassTree type
          ? type.getSimpleName().toString()
          : "";
    }
  }

  public static void main(String[] args) throws IOException {
    System.out.println(read(repositoryRoot()).figures());
  }
}
