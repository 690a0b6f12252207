package dev.bascule.conformance;

import dev.bascule.core.device.Device;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * The suite that every device must pass: {@code new Conformance(device).run()}.
 *
 * <p>Every op on every dtype in every class of shapes, random kernels, random graphs, the order of
 * streams, error texts and leaks. Results are compared with the reference interpreter: equal bits,
 * all NaNs being one value.
 */
public final class Conformance {
  /**
   * How much is run.
   *
   * @param breadth which cases
   * @param kernels how many random kernels
   * @param graphs how many random graphs
   */
  public record Scope(Breadth breadth, int kernels, int graphs) {
    /** For devices that compile in milliseconds. */
    public static final Scope FULL = new Scope(Breadth.ALL, 400, 150);

    /** For devices that take a good part of a second to compile a kernel. */
    public static final Scope BRIEF = new Scope(Breadth.BRIEF, 30, 10);

    /** For another way to write the same kernels: what the ops are made of. */
    public static final Scope KERNELS = new Scope(Breadth.NONE, 40, 0);
  }

  /** Which cases are run. */
  public enum Breadth {
    /** All, and their gradients. */
    ALL,
    /** Fewer dtypes and shapes, still every op. */
    BRIEF,
    /** None, and no engine: kernels and streams alone. */
    NONE
  }

  /**
   * Random graphs that were wrong on some device once: a cast taken for a copy, and a loop whose
   * end a driver's compiler dropped.
   */
  private static final long[] FOUND = {1017, 1322};

  private final Device device;
  private final Scope scope;
  private final References references;

  public Conformance(Device device) {
    this(device, Scope.FULL, new References());
  }

  /** Shares {@code references} with the suites of other devices. */
  public Conformance(Device device, Scope scope, References references) {
    this.device = device;
    this.scope = scope;
    this.references = references;
  }

  /** All checks, each runnable alone. */
  public List<Check> checks() {
    List<Check> checks = new ArrayList<>();
    for (Case example : cases()) {
      checks.add(new Check(example.name(), () -> caseFailures(example)));
    }
    for (long seed = 0; seed < scope.kernels; seed++) {
      KernelCase example = RandomKernel.of(seed);
      checks.add(new Check(example.name(), () -> kernelFailures(example)));
    }
    if (scope.graphs > 0) {
      LongStream.concat(LongStream.range(0, scope.graphs), LongStream.of(FOUND))
          .forEach(
              seed -> checks.add(new Check("random graph " + seed, () -> graphFailures(seed))));
    }
    checks.addAll(new StreamChecks(device).all());
    if (scope.breadth != Breadth.NONE) {
      checks.addAll(new EngineChecks(device).all());
    }
    return checks;
  }

  private List<Case> cases() {
    return switch (scope.breadth) {
      case ALL -> {
        List<Case> cases = new ArrayList<>(Cases.all());
        cases.addAll(GradientCases.all());
        yield cases;
      }
      case BRIEF -> Cases.brief();
      case NONE -> List.of();
    };
  }

  private List<String> caseFailures(Case example) {
    try (EngineRunner runner = new EngineRunner(device)) {
      return CaseChecks.failures(runner, example, references);
    }
  }

  private List<String> kernelFailures(KernelCase example) {
    return KernelChecks.failure(device, example).stream().toList();
  }

  private List<String> graphFailures(long seed) {
    try (EngineRunner runner = new EngineRunner(device)) {
      return GraphChecks.failure(runner, references.graph(seed)).stream().toList();
    }
  }

  /** Runs all checks, one after the other. */
  public Report run() {
    long start = System.nanoTime();
    List<String> failures = new ArrayList<>();
    int count = 0;
    for (Check check : checks()) {
      failures.addAll(check.run());
      count++;
    }
    return new Report(device.info().id(), count, failures, System.nanoTime() - start);
  }

  /** What a run found. */
  public record Report(String device, int checks, List<String> failures, long nanos) {
    public Report {
      failures = List.copyOf(failures);
    }

    public boolean passed() {
      return failures.isEmpty();
    }

    @Override
    public String toString() {
      Optional<String> first = failures.stream().findFirst();
      return "%s: %d checks, %d failures, %.1f s%s"
          .formatted(
              device, checks, failures.size(), nanos / 1e9, first.map(f -> "\n" + f).orElse(""));
    }
  }
}
