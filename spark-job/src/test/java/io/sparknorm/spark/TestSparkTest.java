package io.sparknorm.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;

class TestSparkTest extends SparkTest {
  @Test
  void sharesOneQuietLocalSession() {
    assertThat(spark()).isSameAs(new TestSparkTest().spark());
    assertThat(spark().sparkContext().master()).isEqualTo("local[2]");
    assertThat(spark().sparkContext().uiWebUrl().isEmpty()).isTrue();
    assertThat(spark().conf().get("spark.sql.catalogImplementation")).isEqualTo("in-memory");
  }

  @Test
  void comparesDatasetsWithinATolerance() {
    Dataset<Row> expected = spark().sql("SELECT id, CAST(id AS DOUBLE) AS x FROM range(3)");
    Dataset<Row> near = spark().sql("SELECT id, id + 1e-9D AS x FROM range(3)");

    assertDatasetApproximateEquals(expected, near, 1e-6);
    assertThatThrownBy(() -> assertDatasetApproximateEquals(expected, near, 1e-12))
        .isInstanceOf(AssertionError.class);
    assertThatThrownBy(() -> assertDatasetEquals(expected, near))
        .isInstanceOf(AssertionError.class);
  }
}
