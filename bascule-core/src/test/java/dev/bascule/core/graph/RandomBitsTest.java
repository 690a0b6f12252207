package dev.bascule.core.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.DType;
import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.ShapeException;
import dev.bascule.core.Tensor;
import dev.bascule.core.TensorType;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RandomBitsTest {
  private static final Value KEY = Parameter.input("key", TensorType.of(DType.U32, 2));
  private static final Value COUNTER = Parameter.input("counter", TensorType.of(DType.U32, 4));

  private static Tensor words(String hex) {
    String[] parts = hex.split(" ");
    Tensor tensor = Tensor.zeros(DType.U32, parts.length);
    for (int i = 0; i < parts.length; i++) {
      tensor.set(i, HexFormat.fromHexDigits(parts[i]));
    }
    return tensor;
  }

  private static Tensor run(Value bits, String key, String counter) {
    Graph graph = Graph.of("random", List.of(KEY, COUNTER), List.of(bits));
    Map<String, Tensor> inputs = Map.of("key", words(key), "counter", words(counter));
    return List.copyOf(Reference.run(graph, inputs).values()).getFirst();
  }

  private static List<String> hex(Tensor tensor) {
    return java.util.stream.LongStream.range(0, tensor.elements())
        .mapToObj(i -> HexFormat.of().toHexDigits((int) tensor.get(i)))
        .toList();
  }

  /** The known answers of Random123 1.14, the paper's code: kat_vectors, philox4x32 10. */
  @ParameterizedTest
  @CsvSource({
    "00000000 00000000,00000000 00000000 00000000 00000000,6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    "ffffffff ffffffff,ffffffff ffffffff ffffffff ffffffff,408f276d 41c83b0e a20bc7c6 6d5451fd",
    "a4093822 299f31d0,243f6a88 85a308d3 13198a2e 03707344,d16cfe09 94fdcceb 5001e420 24126ea1"
  })
  void aBlockIsWhatThePapersCodeGives(String key, String counter, String expected) {
    Value bits = Functions.randomBits(KEY, COUNTER, Shape.of(4));
    assertThat(hex(run(bits, key, counter))).containsExactly(expected.split(" "));
  }

  @Test
  void theCounterCarriesThroughAllItsWords() {
    Value bits = Functions.randomBits(KEY, COUNTER, Shape.of(2, 4));
    List<String> two = hex(run(bits, "1 2", "ffffffff ffffffff ffffffff ffffffff"));
    List<String> zero = hex(run(bits, "1 2", "0 0 0 0"));
    assertThat(two.subList(4, 8)).isEqualTo(zero.subList(0, 4));
    List<String> low = hex(run(bits, "1 2", "ffffffff 7 0 0"));
    assertThat(low.subList(4, 8)).isEqualTo(hex(run(bits, "1 2", "0 8 0 0")).subList(0, 4));
  }

  @Test
  void anyShapeTakesTheFirstWords() {
    List<String> many =
        hex(run(Functions.randomBits(KEY, COUNTER, Shape.of(12)), "5 6", "1 0 0 0"));
    Value odd = Functions.randomBits(KEY, COUNTER, Shape.of(3, 3));
    assertThat(hex(run(odd, "5 6", "1 0 0 0"))).isEqualTo(many.subList(0, 9));
    Value none = Functions.randomBits(KEY, COUNTER, Shape.of(0, 3));
    assertThat(run(none, "5 6", "1 0 0 0").elements()).isZero();
    assertThat(many).doesNotHaveDuplicates();
  }

  @Test
  void theShapeMayBeSymbolic() {
    Dim n = Dim.symbol("n", 1, 9);
    Value like = Parameter.input("like", TensorType.of(DType.F32, n, Dim.of(3)));
    Value bits = Functions.randomBits(KEY, COUNTER, like.shape());
    Graph graph = Graph.of("random", List.of(KEY, COUNTER, like), List.of(bits));
    Map<String, Tensor> inputs =
        Map.of(
            "key", words("5 6"),
            "counter", words("1 0 0 0"),
            "like", Tensor.zeros(DType.F32, 2, 3));
    Tensor six = List.copyOf(Reference.run(graph, inputs).values()).getFirst();
    Value fixed = Functions.randomBits(KEY, COUNTER, Shape.of(6));
    assertThat(hex(six)).isEqualTo(hex(run(fixed, "5 6", "1 0 0 0")));
  }

  @Test
  void keyAndCounterHaveTheirTypes() {
    assertThatThrownBy(() -> Functions.randomBits(COUNTER, COUNTER, Shape.of(4)))
        .isInstanceOf(ShapeException.class)
        .hasMessage("RandomBits: the key must be u32[2], not u32[4]");
  }
}
