package dev.bascule.cpu;

import dev.bascule.cpu.gemm.FinishedTile;
import dev.bascule.cpu.gemm.Gemm;
import dev.bascule.cpu.gemm.Product;
import dev.bascule.cpu.gemm.Region;
import dev.bascule.cpu.portable.PortableProduct;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** A way to multiply matrices of one element type. */
sealed interface Products {
  /** For {@code --explain}. */
  String describe();

  /** Rows are best cut at multiples of this. */
  int tileRows();

  /** Columns are best, and of packed operands only, cut at multiples of this. */
  int panelColumns();

  /** What each thread needs of the workspace, never less for a larger inner dimension. */
  long workspaceBytes(long depth);

  /** What one thread multiplies with. */
  Multiplier multiplier(MemorySegment workspace);

  /** Where constant right operands can be packed, what packs them. */
  Optional<Gemm> packing();

  /** One thread's products. */
  interface Multiplier {
    void multiply(Product product, Region region);
  }

  /** Emitted tiles. */
  record Emitted(Gemm gemm, String isa) implements Products {
    @Override
    public String describe() {
      return isa + " tiles";
    }

    @Override
    public int tileRows() {
      return gemm.tileRows();
    }

    @Override
    public int panelColumns() {
      return gemm.panelColumns();
    }

    @Override
    public long workspaceBytes(long depth) {
      return gemm.workspaceBytes(depth);
    }

    @Override
    public Multiplier multiplier(MemorySegment workspace) {
      return (product, region) -> gemm.multiply(product, region, workspace, FinishedTile.NONE);
    }

    @Override
    public Optional<Gemm> packing() {
      return Optional.of(gemm);
    }
  }

  /** Java loops over f32. */
  record Portable() implements Products {
    @Override
    public String describe() {
      return "portable loops";
    }

    @Override
    public int tileRows() {
      return PortableProduct.ROWS;
    }

    @Override
    public int panelColumns() {
      return PortableProduct.COLUMNS;
    }

    @Override
    public long workspaceBytes(long depth) {
      return 0;
    }

    @Override
    public Multiplier multiplier(MemorySegment workspace) {
      PortableProduct loops = new PortableProduct();
      return loops::multiply;
    }

    @Override
    public Optional<Gemm> packing() {
      return Optional.empty();
    }
  }
}
