package dev.bascule.engine;

import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.graph.Node;
import dev.bascule.core.graph.Value;
import dev.bascule.core.kernel.Kernel;
import java.util.List;

/**
 * One step of a plan before it has memory: what runs, which stored values it reads and which it
 * makes.
 */
sealed interface Task {
  String label();

  List<Value> reads();

  List<Value> writes();

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
  }
}
