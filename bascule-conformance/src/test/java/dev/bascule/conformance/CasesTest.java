package dev.bascule.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bascule.core.DType;
import dev.bascule.core.graph.Call;
import dev.bascule.core.graph.Constant;
import dev.bascule.core.graph.Elementwise;
import dev.bascule.core.graph.Functions;
import dev.bascule.core.graph.Graph;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Op;
import dev.bascule.core.graph.Parameter;
import dev.bascule.core.graph.Reduce;
import dev.bascule.core.graph.Scatter;
import dev.bascule.core.graph.Value;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Nothing is left out: each op of the sealed family, each row of its tables, on each dtype. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CasesTest {
  private final List<Case> all = new ArrayList<>();

  @BeforeAll
  void generate() {
    all.addAll(Cases.all());
  }

  @Test
  void everyOpHasCases() {
    Set<String> tested = seen(all, node -> node.op().getClass().getSimpleName());
    List<String> missing = new ArrayList<>();
    for (Class<?> op : opClasses()) {
      if (!tested.contains(op.getSimpleName())) {
        missing.add(op.getSimpleName());
      }
    }
    assertThat(missing).as("ops without a case").isEmpty();
  }

  @Test
  void everyElementwiseOpIsTestedOnEveryDtypeItTakes() {
    Set<String> tested =
        seen(
            all,
            node ->
                node.op() instanceof Elementwise op
                    ? op.name() + " " + node.operands().getLast().dtype()
                    : "");
    for (Elementwise op : Elementwise.values()) {
      for (DType dtype : DType.values()) {
        if (op.takes(dtype)) {
          assertThat(tested).contains(op.name() + " " + dtype);
        }
      }
    }
  }

  @Test
  void everyFunctionHasCases() {
    Set<String> tested =
        seen(all, node -> node.op() instanceof Call call ? call.name() : "").stream()
            .map(name -> name.toLowerCase(Locale.ROOT))
            .collect(Collectors.toSet());
    Set<String> functions =
        Arrays.stream(Functions.class.getDeclaredMethods())
            .filter(method -> Modifier.isPublic(method.getModifiers()))
            .map(method -> method.getName().toLowerCase(Locale.ROOT))
            .collect(Collectors.toCollection(TreeSet::new));
    functions.removeAll(tested);
    assertThat(functions).as("functions without a case").isEmpty();
  }

  @Test
  void everyKindOfReductionAndScatterHasCases() {
    Set<String> tested =
        seen(
            all,
            node ->
                switch (node.op()) {
                  case Reduce reduce -> "reduce " + reduce.kind();
                  case Scatter scatter -> "scatter " + scatter.kind();
                  default -> "";
                });
    for (Reduce.Kind kind : Reduce.Kind.values()) {
      assertThat(tested).contains("reduce " + kind);
    }
    for (Scatter.Kind kind : Scatter.Kind.values()) {
      assertThat(tested).contains("scatter " + kind);
    }
  }

  /** The short run leaves out dtypes and shapes, never an op. */
  @Test
  void theShortRunHasEveryOpToo() {
    Function<Node, String> name = node -> node.op().name();
    assertThat(seen(Cases.brief(), name)).isEqualTo(seen(all, name));
  }

  @Test
  void caseNamesAreUnique() {
    assertThat(all.stream().map(Case::name)).doesNotHaveDuplicates();
  }

  @Test
  void outputsAreNamedAfterAnOpThatTheyTest() {
    for (Case example : all) {
      Set<String> ops =
          seen(
              List.of(example),
              node -> node.op() instanceof Call call ? call.name() : node.op().name());
      for (String output : example.graph().outputs().keySet()) {
        String op = Case.op(output);
        boolean named =
            ops.contains(op)
                || Arrays.stream(Elementwise.values()).anyMatch(e -> e.toString().equals(op));
        assertThat(named).as(example.name() + ": " + output).isTrue();
      }
    }
  }

  private static List<Class<?>> opClasses() {
    List<Class<?>> classes = new ArrayList<>(List.of(Op.class.getPermittedSubclasses()));
    classes.remove(Parameter.class); // a run gives it its value
    return classes;
  }

  private static Set<String> seen(List<Case> cases, Function<Node, String> of) {
    Set<String> names = new TreeSet<>();
    for (Case example : cases) {
      List<Value> roots = example.graph().roots();
      for (Node node : Graph.topological(roots)) {
        if (!(node.op() instanceof Parameter)
            && !(node.op() instanceof Constant c && c.tensor().rank() == 0)) {
          names.add(of.apply(node));
        }
      }
    }
    return names;
  }
}
