package dev.bascule.formats.importer;

import dev.bascule.core.Symbol;
import dev.bascule.core.Tensor;
import java.util.Map;

/**
 * What a caller knows about a model beyond its file.
 *
 * @param symbols ranges of the model's named dimensions; those not here are from 1 to {@code
 *     dimensionMax}
 * @param dimensionMax largest extent of a dimension that the caller does not name
 * @param inputs inputs whose values are known now: used where the model's shapes depend on them,
 *     and only there
 */
public record ImportOptions(
    Map<String, Symbol> symbols, long dimensionMax, Map<String, Tensor> inputs) {
  public static ImportOptions usual() {
    return new ImportOptions(Map.of(), 1 << 16, Map.of());
  }

  public ImportOptions {
    symbols = Map.copyOf(symbols);
    inputs = Map.copyOf(inputs);
  }

  public ImportOptions withSymbols(Map<String, Symbol> ranges) {
    return new ImportOptions(ranges, dimensionMax, inputs);
  }

  public ImportOptions withInputs(Map<String, Tensor> known) {
    return new ImportOptions(symbols, dimensionMax, known);
  }
}
