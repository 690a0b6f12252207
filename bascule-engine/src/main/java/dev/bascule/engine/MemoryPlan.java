package dev.bascule.engine;

import dev.bascule.core.ShapeException;
import dev.bascule.core.graph.Value;
import dev.bascule.core.kernel.Instruction;
import dev.bascule.core.kernel.Kernel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * Where every intermediate value lies in one arena, sized at the largest declared dimensions, so
 * that the peak is known before the first run.
 *
 * <p>Blocks are placed largest first at the lowest offset that is free for their whole lifetime
 * (the greedy-by-size strategy of Pisarchyk and Lee, Efficient Memory Management for Deep Neural
 * Net Inference, 2020). A kernel with one store writes over an input that dies with it, where it
 * reads that input only at the element it writes.
 */
final class MemoryPlan {
  static final long ALIGNMENT = 64;

  /** A block of the arena and the steps [first, last] during which it is alive. */
  private static final class Block {
    final long bytes;
    final int first;
    int last;
    long offset = -1;

    Block(long bytes, int first) {
      this.bytes = bytes;
      this.first = first;
      this.last = first;
    }

    boolean overlaps(Block other) {
      return first <= other.last && other.first <= last;
    }
  }

  private final Map<Value, Block> blocks = new HashMap<>();
  private final IdentityHashMap<Task, Block> workspaces = new IdentityHashMap<>();
  private final List<Block> all = new ArrayList<>();
  private final Predicate<Value> elsewhere;
  private final long bytes;
  private int reused;

  /**
   * @param inputs values alive from before the first task
   * @param kept values alive until after the last one
   * @param elsewhere values that have memory of their own
   * @param workspaceBytes scratch per task
   */
  MemoryPlan(
      List<Value> inputs,
      List<Task> tasks,
      List<Value> kept,
      Predicate<Value> elsewhere,
      IdentityHashMap<Task, Long> workspaceBytes) {
    this.elsewhere = elsewhere;
    inputs.forEach(value -> blocks.put(value, block(value, 0)));
    Map<Value, Integer> lastReads = new HashMap<>();
    for (int i = 0; i < tasks.size(); i++) {
      for (Value read : tasks.get(i).reads()) {
        lastReads.put(read, i + 1);
      }
    }
    kept.forEach(value -> lastReads.put(value, tasks.size() + 1));
    for (int i = 0; i < tasks.size(); i++) {
      place(tasks.get(i), i + 1, lastReads);
      long scratch = workspaceBytes.getOrDefault(tasks.get(i), 0L);
      if (scratch > 0) {
        Block block = new Block(aligned(scratch), i + 1);
        all.add(block);
        workspaces.put(tasks.get(i), block);
      }
    }
    for (Value value : inputs) {
      extend(value, lastReads);
    }
    this.bytes = assign();
  }

  private void place(Task task, int step, Map<Value, Integer> lastReads) {
    for (Value value : task.writes()) {
      if (elsewhere.test(value)) {
        continue;
      }
      Block shared = inPlace(task, value, step, lastReads);
      if (shared != null) {
        reused++;
      }
      blocks.put(value, shared != null ? shared : block(value, step));
      extend(value, lastReads);
    }
  }

  private void extend(Value value, Map<Value, Integer> lastReads) {
    Block block = blocks.get(value);
    if (block != null) {
      block.last = Math.max(block.last, lastReads.getOrDefault(value, block.first));
    }
  }

  /** The block of an input that the task may overwrite with {@code output}. */
  private @org.jspecify.annotations.Nullable Block inPlace(
      Task task, Value output, int step, Map<Value, Integer> lastReads) {
    if (!(task instanceof Task.KernelTask kernelTask)) {
      return null;
    }
    Kernel kernel = kernelTask.kernel();
    Instruction.Store store = KernelForms.onlyStore(kernel).orElse(null);
    if (store == null) {
      return null;
    }
    for (int i = 0; i < kernelTask.parameters().size(); i++) {
      Value input = kernelTask.parameters().get(i);
      Block block = blocks.get(input);
      if (block != null
          && lastReads.getOrDefault(input, 0) == step
          && block.last <= step
          && !kernel.parameters().get(i).output()
          && input.dtype() == output.dtype()
          && block.bytes >= size(output)
          && KernelForms.readsInPlace(kernel, i, store.access())) {
        return block;
      }
    }
    return null;
  }

  private Block block(Value value, int step) {
    Block block = new Block(size(value), step);
    all.add(block);
    return block;
  }

  private static long size(Value value) {
    long bytes = value.type().bytes().max();
    if (bytes > dev.bascule.core.Symbol.LIMIT) {
      throw new ShapeException(
          value
              + " may take "
              + bytes
              + " bytes at its largest declared dimensions; declare smaller ranges");
    }
    return aligned(bytes);
  }

  private static long aligned(long bytes) {
    return Math.max(ALIGNMENT, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
  }

  private long assign() {
    List<Block> order = new ArrayList<>(all);
    order.sort(
        Comparator.comparingLong((Block b) -> b.bytes).reversed().thenComparingInt(b -> b.first));
    List<Block> placed = new ArrayList<>();
    long peak = 0;
    for (Block block : order) {
      long at = 0;
      for (Block other : placed) {
        if (block.overlaps(other)
            && at + block.bytes > other.offset
            && at < other.offset + other.bytes) {
          at = other.offset + other.bytes;
        }
      }
      block.offset = at;
      placed.add(block);
      placed.sort(Comparator.comparingLong(b -> b.offset));
      peak = Math.max(peak, at + block.bytes);
    }
    return peak;
  }

  /** Bytes of the whole arena. */
  long bytes() {
    return bytes;
  }

  /** Bytes all blocks would take without sharing. */
  long unsharedBytes() {
    return all.stream().mapToLong(block -> block.bytes).sum();
  }

  /** Outputs written over an input. */
  int inPlaceCount() {
    return reused;
  }

  boolean contains(Value value) {
    return blocks.containsKey(value);
  }

  long offset(Value value) {
    Block block = blocks.get(value);
    if (block == null) {
      throw new IllegalStateException(value + " has no memory");
    }
    return block.offset;
  }

  long workspaceOffset(Task task) {
    Block block = workspaces.get(task);
    return block == null ? -1 : block.offset;
  }
}
