package dev.bascule.core.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.Bindings;
import dev.bascule.core.DType;
import dev.bascule.core.DataException;
import dev.bascule.core.Dim;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import dev.bascule.core.graph.Linear.Activations;
import dev.bascule.core.quant.QuantType;
import dev.bascule.core.quant.UnpackedBlock;
import dev.bascule.core.quant.WeightType;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LinearTest {
  private static final int M = 3;
  private static final int N = 5;
  private static final int K = 512;

  static Stream<WeightType> types() {
    Stream<WeightType> floats =
        Stream.of(DType.F32, DType.F16, DType.BF16).map(WeightType.Floats::new);
    return Stream.concat(
        floats, Stream.of(QuantType.values()).map(type -> new WeightType.Blocks(type)));
  }

  private static Tensor random(Random random, long... extents) {
    Tensor tensor = Tensor.zeros(DType.F32, extents);
    float[] values = new float[(int) tensor.elements()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return Tensor.of(values, extents);
  }

  /** A weight of rows of K elements, of finite scales. */
  static Tensor weight(WeightType type, Random random, long... rows) {
    long[] extents = java.util.Arrays.copyOf(rows, rows.length + 1);
    extents[rows.length] = type.storedElements(K);
    return switch (type) {
      case WeightType.Floats floats ->
          Reference.evaluate(
                  List.of(),
                  List.of(),
                  List.of(Ops.cast(Constant.of(random(random, extents)), floats.dtype())),
                  Bindings.NONE)
              .getFirst();
      case WeightType.Blocks blocks -> {
        Tensor tensor = Tensor.zeros(DType.U8, extents);
        for (long at = 0; at < tensor.elements(); at += blocks.type().blockBytes()) {
          finiteBlock(blocks.type(), random, tensor.bytes(), at);
        }
        yield tensor;
      }
    };
  }

  private static void finiteBlock(QuantType type, Random random, MemorySegment to, long at) {
    UnpackedBlock block = new UnpackedBlock();
    byte[] bytes = new byte[type.blockBytes()];
    boolean finite;
    do {
      random.nextBytes(bytes);
      MemorySegment.copy(MemorySegment.ofArray(bytes), 0, to, at, bytes.length);
      type.unpack(to, at, block);
      finite = true;
      for (int g = 0; g < type.blockElements() / type.groupElements(); g++) {
        finite &= Float.isFinite(block.scale(g)) && Float.isFinite(block.offset(g));
      }
    } while (!finite);
  }

  private static List<Tensor> both(Node node, Tensor x) {
    Value input = node.operand(0);
    Graph graph = Graph.of("linear", List.of(input), List.of(node.result()));
    Tensor direct = Reference.run(graph, java.util.Map.of("x", x)).values().iterator().next();
    Value decomposed = ((Linear) node.op()).decompose(node).getFirst();
    Graph primitives = Graph.of("primitives", List.of(input), List.of(decomposed));
    Tensor other = Reference.run(primitives, java.util.Map.of("x", x)).values().iterator().next();
    return List.of(direct, other);
  }

  @ParameterizedTest
  @MethodSource("types")
  void theLoopsGiveTheBitsOfTheDecomposition(WeightType type) {
    Random random = new Random(1);
    Tensor x = random(random, M, K);
    Value input = Parameter.input("x", x.type());
    for (Activations activations : Activations.values()) {
      Value weight = Constant.of(weight(type, random, N));
      Value out = Linear.of(input, weight, type, activations);
      List<Tensor> results = both(out.node(), x);
      assertThat(results.get(0).bytes().mismatch(results.get(1).bytes())).isEqualTo(-1);
    }
  }

  @ParameterizedTest
  @MethodSource("types")
  void rowsGoToTheirExperts(WeightType type) {
    Random random = new Random(2);
    Tensor x = random(random, M, K);
    Value input = Parameter.input("x", x.type());
    Tensor weight = weight(type, random, 4, N);
    Value offsets = Constant.of(Tensor.of(new long[] {0, 0, 2, 2, 3}, 5));
    Value out =
        Linear.grouped(
                input, List.of(Constant.of(weight)), List.of(type), Activations.INT8, offsets)
            .getFirst();
    List<Tensor> results = both(out.node(), x);
    assertThat(results.get(0).bytes().mismatch(results.get(1).bytes())).isEqualTo(-1);
    long rowBytes = type.rowBytes(K);
    Tensor third =
        new Tensor(
            type.stored(),
            new long[] {N, type.storedElements(K)},
            weight.bytes().asSlice(3 * N * rowBytes, N * rowBytes));
    Value alone = Linear.of(input, Constant.of(third), type, Activations.INT8);
    assertThat(
            both(alone.node(), x)
                .getFirst()
                .bytes()
                .asSlice(2 * N * 4, N * 4)
                .mismatch(results.getFirst().bytes().asSlice(2 * N * 4, N * 4)))
        .isEqualTo(-1);
  }

  @Test
  void zeroHugeTinyAndUnnumberedInputsAgree() {
    float[] values = new float[M * K];
    for (int i = 0; i < K; i++) {
      values[i] = i < 32 ? 0 : i < 64 ? Float.MIN_VALUE * i : i < 96 ? 3e38f : 1e-38f * i;
      values[K + i] = i == 77 ? Float.NaN : i;
      values[2 * K + i] = i == 200 ? Float.NEGATIVE_INFINITY : -i;
    }
    Tensor x = Tensor.of(values, M, K);
    Value input = Parameter.input("x", x.type());
    WeightType type = new WeightType.Blocks(QuantType.Q8_0);
    Value weight = Constant.of(weight(type, new Random(3), N));
    List<Tensor> results = both(Linear.of(input, weight, type, Activations.INT8).node(), x);
    for (int i = 0; i < M * N; i++) {
      assertThat(results.get(1).number(i)).isEqualTo(Double.valueOf(results.get(0).number(i)));
    }
  }

  @Test
  void whatDoesNotFitIsRefusedByName() {
    Value x = Parameter.input("x", TensorType.of(DType.F32, Dim.of(2), Dim.of(64)));
    Value weight = Constant.of(Tensor.zeros(DType.U8, 3, 68));
    WeightType q8 = new WeightType.Blocks(QuantType.Q8_0);
    WeightType q4 = new WeightType.Blocks(QuantType.Q4_K);
    assertThat(Linear.of(x, weight, q8, Activations.INT8).type().toString()).isEqualTo("f32[2, 3]");
    assertThatThrownBy(() -> Linear.of(x, weight, q4, Activations.INT8))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("q4_k");
    assertThatThrownBy(
            () -> Linear.of(x, weight, new WeightType.Floats(DType.F32), Activations.INT8))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("expected f32 [n, 64], got u8[3, 68]");
    Value offsets = Constant.of(Tensor.of(new long[] {0, 2, 1}, 3));
    Value experts = Constant.of(Tensor.zeros(DType.U8, 2, 3, 68));
    Value out =
        Linear.grouped(x, List.of(experts), List.of(q8), Activations.INT8, offsets).getFirst();
    assertThatThrownBy(() -> both(out.node(), Tensor.zeros(DType.F32, 2, 64)))
        .isInstanceOf(DataException.class)
        .hasMessageContaining("[0, 2, 1]");
  }
}
