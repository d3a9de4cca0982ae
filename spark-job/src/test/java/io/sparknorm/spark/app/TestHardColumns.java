package io.sparknorm.spark.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.SparkTest;
import io.sparknorm.spark.app.HardColumns.Answers;
import io.sparknorm.spark.functions.NormCatalog;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

/** The table of hard columns compares variances of the same records. */
class TestHardColumns extends SparkTest {
  @Test
  void oursIsTheExactOneInEveryLayoutAndOthersComeNearWhereTheyCan() {
    SparkSession session = spark().newSession();
    session.conf().set("spark.sql.catalog.norm", NormCatalog.class.getName());
    List<Answers> answers = HardColumns.compute(session, 500, 3);

    assertThat(answers).hasSize(4 * 4);
    for (Answers found : answers) {
      assertThat(found.variances()).hasSize(2);
      if (found.way().equals(HardColumns.OURS)) {
        assertThat(found.distinct()).as(found.toString()).isEqualTo(1);
        assertThat(found.distance()).as(found.toString()).isZero();
      } else if (found.column().equals("1e30")) {
        assertThat(found.distance()).as(found.toString()).isLessThan(1e-12);
      }
    }
  }
}
