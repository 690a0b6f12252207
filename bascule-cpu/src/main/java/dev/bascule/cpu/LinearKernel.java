package dev.bascule.cpu;

import dev.bascule.core.device.Encoding;
import dev.bascule.core.device.Launchable;
import dev.bascule.core.device.LibraryCall;
import dev.bascule.core.device.LibraryKernel;
import dev.bascule.core.device.View;
import dev.bascule.core.graph.Linear;
import dev.bascule.core.quant.WeightType;
import dev.bascule.cpu.linear.LinearTiles;
import dev.bascule.cpu.linear.TileFormat;
import java.util.Optional;

/**
 * Linear layers over float and block-quantised weights: constants are packed once into tiles that
 * machine code walks; weights that are computed, and all weights where no machine code may run, are
 * read row by row by portable loops.
 */
final class LinearKernel implements LibraryKernel {
  private final CpuCode code;
  private final WorkerPool pool;

  LinearKernel(CpuCode code, WorkerPool pool) {
    this.code = code;
    this.pool = pool;
  }

  @Override
  public String name() {
    return "linear";
  }

  @Override
  public boolean accepts(LibraryCall call) {
    return call.op() instanceof Linear linear
        && call.epilogue().isEmpty()
        && call.operands().stream().allMatch(View::isContiguous)
        && call.results().stream().allMatch(View::isContiguous)
        && !call.operands().getFirst().shape().dim(1).is(0)
        && !isFasterDecomposed(call, linear);
  }

  /** With f32 activations, decoded weights and a matmul are as exact, and faster than loops. */
  private boolean isFasterDecomposed(LibraryCall call, Linear linear) {
    return linear.activations() == Linear.Activations.F32
        && linear.weights().stream().anyMatch(WeightType.Blocks.class::isInstance)
        && code.linear().isPresent()
        && hasConstantWeights(call, linear);
  }

  private static boolean hasConstantWeights(LibraryCall call, Linear linear) {
    boolean constant = true;
    for (int i = 1; i <= linear.weights().size(); i++) {
      View weight = call.operands().get(i);
      constant &= weight.constant() && weight.offset().isConstant();
      for (int axis = 0; axis < weight.shape().rank(); axis++) {
        constant &= weight.shape().dim(axis).isConstant();
      }
    }
    return constant;
  }

  /** The tiles that serve a call, if all its weights can be packed. */
  private Optional<LinearTiles> tiles(LibraryCall call) {
    return hasConstantWeights(call, (Linear) call.op()) ? code.linear() : Optional.empty();
  }

  @Override
  public Optional<Encoding> encodingFor(LibraryCall call, int operand) {
    Linear linear = (Linear) call.op();
    if (operand == 0 || operand > linear.weights().size()) {
      return Optional.empty();
    }
    WeightType type = linear.weights().get(operand - 1);
    long k = call.operands().getFirst().shape().dim(1).constant();
    View view = call.operands().get(operand);
    return tiles(call)
        .map(tiles ->
            new LinearEncoding(
                tiles, TileFormat.of(type, tiles.level(), k), k, type.rowBytes(k), view, pool));
  }

  @Override
  public Launchable prepare(LibraryCall call) {
    return new LinearCode(call, tiles(call), pool);
  }
}
