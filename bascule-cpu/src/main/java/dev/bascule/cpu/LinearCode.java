package dev.bascule.cpu;

import dev.bascule.core.Bindings;
import dev.bascule.core.DeviceException;
import dev.bascule.core.device.Launch;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.Slice;
import dev.bascule.core.device.View;
import dev.bascule.core.graph.Linear;
import dev.bascule.cpu.linear.LinearTiles;
import dev.bascule.cpu.linear.TileFormat;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Linear layers with their dimensions open. */
final class LinearCode implements Launchable {
  private final LibraryCall call;
  private final Linear linear;
  private final Optional<LinearTiles> tiles;
  private final WorkerPool pool;

  /**
   * @param tiles that the weights are packed for; empty for portable loops over rows
   */
  LinearCode(LibraryCall call, Optional<LinearTiles> tiles, WorkerPool pool) {
    this.call = call;
    this.linear = (Linear) call.op();
    this.tiles = tiles;
    this.pool = pool;
  }

  @Override
  public String describe() {
    return "linear over "
        + linear.weights()
        + ", "
        + tiles
            .map(packed ->
                linear.weights().stream()
                    .map(type -> TileFormat.of(type, packed.level(), k()).describe())
                    .distinct()
                    .toList()
                    .toString())
            .orElse("portable loops over rows as stored");
  }

  private long k() {
    return call.operands().getFirst().shape().dim(1).constant();
  }

  @Override
  public long workspaceBytes(Bindings dims) {
    LinearShape shape = LinearShape.of(call, dims);
    return tiles
        .map(packed -> LinearTilePath.workspaceBytes(shape, packed, pool.threads()))
        .orElse(0L);
  }

  @Override
  public Launch bind(List<Slice> operands, Bindings dims) {
    LinearShape shape = LinearShape.of(call, dims);
    int expected = call.operands().size() + call.results().size() + (tiles.isPresent() ? 1 : 0);
    if (operands.size() != expected) {
      throw new DeviceException(
          "cpu: linear \""
              + call.name()
              + "\" takes "
              + expected
              + " operands with its results and workspace, got "
              + operands.size());
    }
    List<MemorySegment> memory = operands.stream().map(CpuBuffer::memory).toList();
    MemorySegment x = part(memory.getFirst(), call.operands().getFirst(), dims, "x");
    MemorySegment offsets =
        linear.grouped()
            ? part(memory.get(1 + shape.weights()), call.operands().getLast(), dims, "offsets")
            : MemorySegment.NULL;
    LinearPath path =
        tiles.isPresent()
            ? tilePath(tiles.get(), shape, memory, x, dims)
            : rowPath(shape, memory, x, dims);
    return new LinearLaunch(call.name(), shape, path, offsets, pool);
  }

  private LinearPath tilePath(
      LinearTiles packed,
      LinearShape shape,
      List<MemorySegment> memory,
      MemorySegment x,
      Bindings dims) {
    List<LinearTilePath.Weight> weights = new ArrayList<>();
    for (int i = 0; i < shape.weights(); i++) {
      TileFormat format = TileFormat.of(linear.weights().get(i), packed.level(), k());
      MemorySegment weight = memory.get(i + 1);
      long bytes = shape.experts() * format.bytes(shape.rows()[i], shape.k());
      requireBytes("packed weight " + i, weight, bytes);
      weights.add(new LinearTilePath.Weight(format, weight, result(memory, i, dims)));
    }
    MemorySegment workspace = memory.getLast();
    requireBytes("workspace", workspace, workspaceBytes(dims));
    return new LinearTilePath(packed, shape, weights, x, workspace, pool.threads());
  }

  private LinearPath rowPath(
      LinearShape shape, List<MemorySegment> memory, MemorySegment x, Bindings dims) {
    List<LinearRowPath.Weight> weights = new ArrayList<>();
    for (int i = 0; i < shape.weights(); i++) {
      MemorySegment weight =
          part(memory.get(i + 1), call.operands().get(i + 1), dims, "weight " + i);
      weights.add(new LinearRowPath.Weight(weight, result(memory, i, dims)));
    }
    return new LinearRowPath(shape, linear.activations(), weights, x, pool.threads());
  }

  private MemorySegment result(List<MemorySegment> memory, int index, Bindings dims) {
    MemorySegment slice = memory.get(call.operands().size() + index);
    return part(slice, call.results().get(index), dims, "result " + index);
  }

  /** What a contiguous view covers. */
  private MemorySegment part(MemorySegment slice, View view, Bindings dims, String what) {
    long from = view.dtype().bytes(view.offset().evaluate(dims));
    long bytes = view.dtype().bytes(view.shape().elements().evaluate(dims));
    requireBytes(what, slice, from + bytes);
    return slice.asSlice(from, bytes);
  }

  /** Machine code checks nothing: operands must be as large as the dimensions say. */
  private void requireBytes(String what, MemorySegment slice, long bytes) {
    if (slice.byteSize() < bytes) {
      throw new DeviceException(
          "cpu: linear \""
              + call.name()
              + "\" needs "
              + bytes
              + " bytes for "
              + what
              + ", got "
              + slice.byteSize());
    }
  }

  @Override
  public void close() {
    // the code belongs to the device
  }
}
