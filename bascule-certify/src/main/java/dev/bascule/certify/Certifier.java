package dev.bascule.certify;

import dev.bascule.core.Tensor;
import dev.bascule.core.device.Device;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.State;
import dev.bascule.engine.rewrite.Widener;
import java.lang.foreign.ValueLayout;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Runs two sides - a model on a device each - on the same inputs, teacher-forced, and says how far
 * the second lies from the first.
 */
public final class Certifier {
  private static final List<Integer> CHUNKS = List.of(1, 7);

  /** One of the two that are compared. */
  public record Side(Subject subject, Place place) {}

  /**
   * What to certify.
   *
   * @param truth where f64 is computed; empty for not at all
   * @param sample tokens that the ops are compared by at a time, the first of them with f64 too
   * @param description the request as JSON, kept in the certificate
   */
  public record Request(
      Side first,
      Side second,
      Optional<Place> truth,
      int sample,
      Limits limits,
      Map<String, Object> description) {
    public Request {
      description = Collections.unmodifiableMap(new LinkedHashMap<>(description));
    }
  }

  private final Request request;
  private final String version;
  private final Consumer<String> progress;

  /**
   * @param version of Bascule
   * @param progress hears what is under way
   */
  public Certifier(Request request, String version, Consumer<String> progress) {
    this.request = request;
    this.version = version;
    this.progress = progress;
  }

  /** What one side gave. */
  private record Run(Certificate.Platform platform, Map<String, Tensor> outputs) {}

  public Certificate certify() {
    List<Repetition> repetitions = new ArrayList<>();
    Run first = run(1, request.first, repetitions);
    Run second = run(2, request.second, repetitions);
    OpComparison comparison = compareOps();
    List<OutputFigures> outputs = outputs(first.outputs, second.outputs, comparison);
    Optional<LanguageFigures> language = language(first.outputs, second.outputs);
    List<OpFigures> ops = comparison.figures();
    List<String> broken = new ArrayList<>(request.limits.broken(outputs, language, ops));
    broken.addAll(undetermined(repetitions));
    return new Certificate(
        version,
        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
        request.description,
        inputHash(request.first.subject),
        List.of(request.first.subject.model(), request.second.subject.model()),
        List.of(first.platform, second.platform),
        outputs,
        language,
        histogram(first.outputs, second.outputs, outputs),
        ops,
        ops.stream().filter(op -> OpFigures.isOrigin(op, ops)).findFirst(),
        ops.stream().filter(op -> OpFigures.isAboveRounding(op, ops)).findFirst(),
        repetitions,
        request.limits,
        broken);
  }

  /** The whole, and what of it changes when it is run in other ways. */
  private Run run(int number, Side side, List<Repetition> repetitions) {
    Subject subject = side.subject;
    progress.accept("run on " + side.place.name());
    Map<String, Tensor> whole;
    Certificate.Platform platform;
    try (Device device = side.place.open();
        Execution execution = new Execution(device, subject.graph())) {
      List<Map<String, Tensor>> all = subject.runs(0);
      whole = execution.runAll(all);
      platform =
          new Certificate.Platform(
              side.place.name(),
              device.info().description(),
              side.place.numerics(),
              execution.explain().lines().toList());
      Repeated repeated = new Repeated(number, whole, repetitions);
      repeated.compare("again", execution.runAll(all));
      repeated.compare("in a new session", execution.runAfresh(all));
      for (int chunk : subject.isCut() ? CHUNKS : List.<Integer>of()) {
        progress.accept(side.place.name() + " in chunks of " + chunk);
        repeated.compare("in chunks of " + chunk, execution.runAll(subject.runs(chunk)));
      }
    }
    if (side.place.hasThreads()) {
      int most = Math.max(2, Runtime.getRuntime().availableProcessors());
      for (int threads : new int[] {1, most}) {
        // not their number: the certificate holds on a machine with others
        String way = threads == 1 ? "on 1 thread" : "on all threads";
        progress.accept(side.place.name() + " " + way);
        try (Device device = side.place.opener().open(OptionalInt.of(threads));
            Execution execution = new Execution(device, subject.graph())) {
          new Repeated(number, whole, repetitions).compare(way, execution.runAll(subject.runs(0)));
        }
      }
    }
    return new Run(platform, whole);
  }

  private record Repeated(int side, Map<String, Tensor> whole, List<Repetition> repetitions) {
    void compare(String way, Map<String, Tensor> outputs) {
      Difference.Sum sum = new Difference.Sum();
      whole.forEach((name, tensor) -> sum.add(tensor, required(outputs, name)));
      Difference difference = sum.difference();
      repetitions.add(new Repetition(side, way, difference.elements(), difference.differing()));
    }
  }

  private OpComparison compareOps() {
    Subject first = request.first.subject;
    Subject second = request.second.subject;
    progress.accept("op by op");
    Graph graph = first.graph();
    Trace trace = Trace.of(graph);
    Trace otherTrace = Trace.of(second.graph());
    int chunk = first.isCut() ? request.sample : 0;
    try (Device firstDevice = request.first.place.open();
        Device secondDevice = request.second.place.open();
        Execution one = new Execution(firstDevice, trace.graph());
        Execution other = new Execution(secondDevice, otherTrace.graph())) {
      OpComparison comparison = new OpComparison(trace, graph.outputs());
      List<Map<String, Tensor>> firstRuns = first.runs(chunk);
      List<Map<String, Tensor>> secondRuns = second.runs(chunk);
      for (int i = 0; i < firstRuns.size(); i++) {
        Map<String, Tensor> ours = values(first, one, firstRuns.get(i));
        Map<String, Tensor> theirs = values(second, other, secondRuns.get(i));
        comparison.add(ours, theirs);
        if (i == 0 && request.truth.isPresent()) {
          progress.accept("f64 on " + request.truth.get().name());
          comparison.addTruth(ours, theirs, truth(request.truth.get(), firstRuns.getFirst()));
        }
      }
      comparison.addStates(states(first, trace, one), states(second, otherTrace, other));
      return comparison;
    }
  }

  /** Inputs and outputs of one run by their labels. */
  private static Map<String, Tensor> values(
      Subject subject, Execution execution, Map<String, Tensor> inputs) {
    Map<String, Tensor> kept = new LinkedHashMap<>(inputs);
    kept.putAll(execution.run(inputs));
    Map<String, Tensor> values = new LinkedHashMap<>();
    for (String label : kept.keySet()) {
      subject
          .value(label, name -> Optional.ofNullable(kept.get(name)))
          .ifPresent(value -> values.put(label, value));
    }
    return values;
  }

  /** The states of an execution by their labels. */
  private static Function<String, Optional<Tensor>> states(
      Subject subject, Trace trace, Execution execution) {
    Map<String, State> states = new HashMap<>();
    for (Trace.Step step : trace.steps()) {
      if (step.source() instanceof Trace.Source.Stored stored) {
        states.put(step.label(), stored.state());
      }
    }
    return label ->
        subject.value(label, name -> Optional.ofNullable(states.get(name)).map(execution::state));
  }

  private Map<String, Tensor> truth(Place place, Map<String, Tensor> inputs) {
    Graph wide = Widener.widen(Trace.of(request.first.subject.truth()).graph());
    try (Device device = place.open();
        Execution execution = new Execution(device, wide)) {
      return values(request.first.subject, execution, Widener.widen(inputs));
    }
  }

  private List<OutputFigures> outputs(
      Map<String, Tensor> first, Map<String, Tensor> second, OpComparison comparison) {
    List<OutputFigures> figures = new ArrayList<>();
    first.forEach((name, tensor) -> {
      String label = comparison.labelOf(name);
      figures.add(
          new OutputFigures(
              name,
              Difference.of(tensor, required(second, name)),
              comparison.firstError(label),
              comparison.secondError(label)));
    });
    return figures;
  }

  private Optional<LanguageFigures> language(
      Map<String, Tensor> first, Map<String, Tensor> second) {
    return request
        .first
        .subject
        .ids()
        .map(ids -> {
          String logits = first.keySet().iterator().next();
          return LanguageFigures.of(
              required(first, logits).floats(), required(second, logits).floats(), ids);
        });
  }

  private static Optional<Histogram> histogram(
      Map<String, Tensor> first, Map<String, Tensor> second, List<OutputFigures> outputs) {
    return outputs.stream()
        .findFirst()
        .map(output ->
            Histogram.of(
                required(first, output.name()), required(second, output.name()), output.between()));
  }

  /** In exact numerics nothing may depend on how often, on how many threads, in what chunks. */
  private List<String> undetermined(List<Repetition> repetitions) {
    List<String> broken = new ArrayList<>();
    for (Repetition repetition : repetitions) {
      Place place = (repetition.side() == 1 ? request.first : request.second).place;
      if (place.isExact() && repetition.differing() > 0) {
        broken.add(
            "determinism: "
                + place.name()
                + " gives "
                + repetition.differing()
                + " other numbers "
                + repetition.way());
      }
    }
    return broken;
  }

  static Tensor required(Map<String, Tensor> tensors, String name) {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalStateException("no '" + name + "' among " + tensors.keySet());
    }
    return tensor;
  }

  /** Over the ids of a language model; of another over the names and bytes of all inputs. */
  private static String inputHash(Subject subject) {
    MessageDigest digest = ModelFiles.digest();
    if (subject.ids().isPresent()) {
      for (int id : subject.ids().get()) {
        digest.update(
            new byte[] {(byte) id, (byte) (id >> 8), (byte) (id >> 16), (byte) (id >> 24)});
      }
    } else {
      new TreeMap<>(subject.runs(0).getFirst())
          .forEach((name, tensor) -> {
            String head = name + " " + tensor;
            digest.update(head.getBytes(java.nio.charset.StandardCharsets.UTF_8));
            digest.update(tensor.bytes().toArray(ValueLayout.JAVA_BYTE));
          });
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
