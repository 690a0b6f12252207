package dev.bascule.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.ScalarType;
import dev.bascule.core.device.ForwardingDevice;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.kernel.Access;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Kernel;
import dev.bascule.core.kernel.KernelBuilder;
import dev.bascule.core.kernel.Primitive;
import dev.bascule.core.kernel.Reduction;
import dev.bascule.core.reference.ReferenceDevice;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** The suite finds what is wrong with wrong devices, and says it so that it can be seen again. */
class BrokenDeviceTest {
  /** The reference device, but that its compiler misreads kernels. */
  private static final class Misreading extends ForwardingDevice {
    private final UnaryOperator<Instruction> error;

    Misreading(UnaryOperator<Instruction> error) {
      super(new ReferenceDevice());
      this.error = error;
    }

    @Override
    public Launchable compile(Kernel kernel) {
      List<Instruction> body = new ArrayList<>();
      kernel.body().forEach(instruction -> body.add(error.apply(instruction)));
      return super.compile(
          new Kernel(kernel.name(), kernel.domain(), kernel.rowRank(), kernel.parameters(), body));
    }
  }

  private static Instruction subtractForAdd(Instruction instruction) {
    return instruction instanceof Instruction.Compute c
            && c.op() == Primitive.ADD
            && c.type() == ScalarType.F32
        ? new Instruction.Compute(Primitive.SUB, c.operands(), c.type())
        : instruction;
  }

  private static Instruction productForSum(Instruction instruction) {
    return instruction instanceof Instruction.Reduce r && r.reduction() == Reduction.SUM
        ? new Instruction.Reduce(Reduction.PRODUCT, r.operands(), r.type())
        : instruction;
  }

  private static Instruction oneTooFar(Instruction instruction) {
    return instruction instanceof Instruction.Store s
        ? new Instruction.Store(
            new Access(s.access().parameter(), s.access().offset().plus(1), s.access().strides()),
            s.value(),
            s.mask(),
            s.type())
        : instruction;
  }

  /** The first case whose name starts so that has this output. */
  private static Case named(String start, String output) {
    return Cases.all().stream()
        .filter(example ->
            example.name().startsWith(start) && example.graph().outputs().containsKey(output))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void aWrongOpIsNamedWithDtypeShapeSeedIndexAndBothValues() {
    var device = new Misreading(BrokenDeviceTest::subtractForAdd);
    Case example = named("elementwise/broadcast/f32", "Add");
    try (EngineRunner runner = new EngineRunner(device)) {
      List<String> failures = CaseChecks.failures(runner, example, new References());
      assertThat(failures)
          .anySatisfy(failure ->
              assertThat(failure)
                  .contains("Add f32", "first at", "expected 0x", "got 0x", "f32[3, 7, 19]", "seed")
                  .contains(Long.toString(example.seed(0))))
          .noneMatch(failure -> failure.contains(": Mul f32"));
    }
  }

  @Test
  void aWrongReductionIsFound() {
    var device = new Misreading(BrokenDeviceTest::productForSum);
    try (EngineRunner runner = new EngineRunner(device)) {
      assertThat(
              CaseChecks.failures(
                  runner, named("reduce/rows/f32", "ReduceSum [1]"), new References()))
          .isNotEmpty()
          .allMatch(failure -> failure.contains("ReduceSum"));
    }
  }

  @Test
  void aByteWrittenBesideAnOperandIsFound() {
    var b = new KernelBuilder("copy", List.of(Dim.of(9)), 0);
    List<Dim> line = List.of(Dim.ONE);
    int from = b.input("x", DType.U8);
    int to = b.output("y", DType.U8);
    b.store(new Access(to, Dim.ZERO, line), b.load(new Access(from, Dim.ZERO, line)));
    var values = new KernelCase.Operand(Dim.of(9), Values.Spread.POSITIVE);
    var kernel =
        new KernelCase("copy", 1, b.build(), List.of(values, values), List.of(Bindings.NONE));
    assertThat(KernelChecks.failure(new ReferenceDevice(), kernel)).isEmpty();
    // the reference device checks bounds itself, so the slip shows as its exception
    assertThat(
            new Check(
                    "slip",
                    () ->
                        KernelChecks.failure(new Misreading(BrokenDeviceTest::oneTooFar), kernel)
                            .stream()
                            .toList())
                .run())
        .isNotEmpty();
  }

  @Test
  void aFailingGraphIsMadeSmall() {
    var device = new Misreading(BrokenDeviceTest::productForSum);
    try (EngineRunner runner = new EngineRunner(device)) {
      for (long seed = 0; seed < 60; seed++) {
        Trial trial = Trial.of(RandomGraph.of(seed));
        if (trial.failure(runner).isPresent() && trial.graph().nodes().size() > 20) {
          Trial small = Shrinking.shrink(trial, t -> t.failure(runner).isPresent());
          assertThat(small.failure(runner)).isPresent();
          assertThat(small.graph().nodes()).hasSizeLessThan(10);
          assertThat(small.runs()).hasSize(1);
          return;
        }
      }
    }
    throw new AssertionError("no random graph of 60 has a sum");
  }

  @Test
  void equalSeedsGiveEqualGraphsAndInputs() {
    for (long seed = 0; seed < 20; seed++) {
      Case first = RandomGraph.of(seed);
      Case second = RandomGraph.of(seed);
      assertThat(first.graph().toString()).isEqualTo(second.graph().toString());
      var inputs = second.inputs(0);
      first
          .inputs(0)
          .forEach((name, tensor) ->
              assertThat(
                      tensor
                          .bytes()
                          .mismatch(java.util.Objects.requireNonNull(inputs.get(name)).bytes()))
                  .isEqualTo(-1));
    }
  }
}
