package dev.bascule.engine;

import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Value;
import dev.bascule.core.kernel.Kernel;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * One step of a plan before it has memory: what runs, which stored values it reads and which it
 * makes.
 */
sealed interface Task {
  String label();

  List<Value> reads();

  List<Value> writes();

  /** The same task on other values, its label after {@code prefix}. */
  Task with(String prefix, UnaryOperator<Value> values);

  private static List<Value> mapped(List<Value> values, UnaryOperator<Value> change) {
    return values.stream().map(change).toList();
  }

  /** A fused kernel; {@code parameters} are the stored values in the kernel's parameter order. */
  record KernelTask(Kernel kernel, List<Value> parameters) implements Task {
    @Override
    public String label() {
      return kernel.name();
    }

    @Override
    public List<Value> reads() {
      return select(false);
    }

    @Override
    public List<Value> writes() {
      return select(true);
    }

    @Override
    public Task with(String prefix, UnaryOperator<Value> values) {
      return new KernelTask(
          prefix.isEmpty() ? kernel : kernel.named(prefix + kernel.name()),
          mapped(parameters, values));
    }

    private List<Value> select(boolean output) {
      return java.util.stream.IntStream.range(0, parameters.size())
          .filter(i -> kernel.parameters().get(i).output() == output)
          .mapToObj(parameters::get)
          .toList();
    }
  }

  /**
   * A library kernel.
   *
   * @param operands storage of the call's operands
   * @param extras storage of the epilogue's further inputs
   * @param results storage of the results
   */
  record LibraryTask(
      LibraryKernel kernel,
      LibraryCall call,
      List<Value> operands,
      List<Value> extras,
      List<Value> results)
      implements Task {
    @Override
    public String label() {
      return call.name();
    }

    @Override
    public List<Value> reads() {
      List<Value> reads = new java.util.ArrayList<>(operands);
      reads.addAll(extras);
      return reads;
    }

    @Override
    public List<Value> writes() {
      return results;
    }

    @Override
    public Task with(String prefix, UnaryOperator<Value> values) {
      return new LibraryTask(
          kernel,
          prefix.isEmpty() ? call : call.named(prefix + call.name()),
          mapped(operands, values),
          mapped(extras, values),
          mapped(results, values));
    }
  }

  /**
   * An op that the host runs between launches: its result's shape depends on values, or no device
   * kernel exists.
   */
  record HostTask(Node node, List<Value> operands) implements Task {
    @Override
    public String label() {
      return node.label();
    }

    @Override
    public List<Value> reads() {
      return operands;
    }

    @Override
    public List<Value> writes() {
      return node.results();
    }

    @Override
    public Task with(String prefix, UnaryOperator<Value> values) {
      Node same = prefix.isEmpty() ? node : values.apply(node.result()).node();
      return new HostTask(same, mapped(operands, values));
    }
  }
}
