package dev.bascule.engine;

import dev.bascule.core.Dim;
import dev.bascule.core.Shape;
import dev.bascule.core.graph.Broadcast;
import dev.bascule.core.graph.Gather;
import dev.bascule.core.graph.Permute;
import dev.bascule.core.graph.Slice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** How an index map of a movement op's result becomes the map of its operand. */
final class Maps {
  private Maps() {}

  static IndexMap permute(Permute permute, IndexMap map) {
    Affine[] indices = new Affine[map.indices().size()];
    for (int axis = 0; axis < indices.length; axis++) {
      indices[permute.order().get(axis)] = map.index(axis);
    }
    return new IndexMap(Arrays.asList(indices));
  }

  static IndexMap broadcast(Broadcast broadcast, Shape operand, IndexMap map) {
    List<Affine> indices = new ArrayList<>();
    int added = broadcast.shape().rank() - operand.rank();
    for (int axis = 0; axis < operand.rank(); axis++) {
      boolean repeated = broadcast.operandAxis(operand, axis + added) < 0;
      indices.add(repeated ? Affine.ZERO : map.index(axis + added));
    }
    return new IndexMap(indices);
  }

  static IndexMap slice(Slice slice, IndexMap map) {
    List<Affine> indices = new ArrayList<>();
    for (int axis = 0; axis < map.indices().size(); axis++) {
      indices.add(
          map.index(axis).times(Dim.of(slice.steps().get(axis))).plus(slice.starts().get(axis)));
    }
    return new IndexMap(indices);
  }

  /** The map less {@code low} along each axis. */
  static IndexMap shift(IndexMap map, List<Dim> low) {
    List<Affine> indices = new ArrayList<>();
    for (int axis = 0; axis < map.indices().size(); axis++) {
      indices.add(map.index(axis).plus(low.get(axis).times(-1)));
    }
    return new IndexMap(indices);
  }

  static IndexMap shift(IndexMap map, int along, Dim start) {
    List<Affine> indices = new ArrayList<>(map.indices());
    indices.set(along, map.index(along).plus(start.times(-1)));
    return new IndexMap(indices);
  }

  /** The part of a gather's map that addresses its indices. */
  static IndexMap gatherIndices(Gather gather, Shape indices, IndexMap map) {
    return new IndexMap(map.indices().subList(gather.axis(), gather.axis() + indices.rank()));
  }

  /** The part that addresses its data, with index 0 along the gathered axis. */
  static IndexMap gatherData(Gather gather, Shape indices, IndexMap map) {
    List<Affine> data = new ArrayList<>(map.indices().subList(0, gather.axis()));
    data.add(Affine.ZERO);
    data.addAll(map.indices().subList(gather.axis() + indices.rank(), map.indices().size()));
    return new IndexMap(data);
  }
}
