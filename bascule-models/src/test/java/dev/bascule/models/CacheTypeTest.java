package dev.bascule.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.bascule.core.ShapeException;
import org.junit.jupiter.api.Test;

class CacheTypeTest {
  @Test
  void namesAreReadAsTheyAreWritten() {
    for (CacheType type : CacheType.values()) {
      assertThat(CacheType.of(type.toString())).isEqualTo(type);
    }
    assertThatThrownBy(() -> CacheType.of("q4_0"))
        .hasMessage("no type of cache 'q4_0'; known: [f32, f16, bf16, q8_0]");
  }

  @Test
  void aBlockIsTheLargestThatHeadsAreMadeOf() {
    assertThat(CacheType.block(128)).isEqualTo(32);
    assertThat(CacheType.block(80)).isEqualTo(16);
    assertThat(CacheType.block(8)).isEqualTo(8);
    assertThatThrownBy(() -> CacheType.block(100))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("heads have 100; use a cache of f16");
  }
}
