package dev.bascule.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class ChunkRunsTest {
  @Test
  void eachWorkerHasNeighboursInOrderAndAllAreShared() {
    for (int workers = 1; workers <= 7; workers++) {
      for (int count = 1; count <= 40; count++) {
        ChunkRuns chunks = new ChunkRuns(workers);
        chunks.share(count, Math.min(workers, count));
        List<Long> taken = new ArrayList<>();
        for (int worker = 0; worker < workers; worker++) {
          for (long chunk = chunks.first(worker); chunk >= 0; chunk = chunks.first(worker)) {
            taken.add(chunk);
          }
        }
        assertThat(taken).containsExactlyElementsOf(LongStream.range(0, count).boxed().toList());
      }
    }
  }

  @Test
  void whatIsLeftOfARunIsTakenFromItsEnd() {
    ChunkRuns chunks = new ChunkRuns(2);
    chunks.share(8, 2);
    assertThat(chunks.first(1)).isEqualTo(4);
    assertThat(chunks.last(1)).isEqualTo(7);
    assertThat(chunks.last(1)).isEqualTo(6);
    assertThat(chunks.first(1)).isEqualTo(5);
    assertThat(chunks.first(1)).isEqualTo(-1);
    assertThat(chunks.last(1)).isEqualTo(-1);
    assertThat(chunks.first(0)).isZero();
    chunks.clear();
    assertThat(chunks.first(0)).isEqualTo(-1);
  }
}
