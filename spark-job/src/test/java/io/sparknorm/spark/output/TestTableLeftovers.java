package io.sparknorm.spark.output;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.spark.SparkTest;
import io.sparknorm.spark.config.TableName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestTableLeftovers extends SparkTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"plain", "with space", "per%20cent"})
  void leftoverIsFoundWhateverItsDatabaseIsCalled(String name) throws IOException {
    Path home = folder.resolve(name);
    Files.createDirectories(home.resolve("t__sparknorm_staged_c_1"));
    spark().sql("CREATE DATABASE leftovers LOCATION '%s'".formatted(home));
    try {
      spark().sql("CREATE TABLE leftovers.t (id INT) USING parquet");
      TableName target = TableName.parse("leftovers.t");
      TableReplacement replacement = new TableReplacement(spark(), target, null, "a");

      new TableLeftovers(spark(), target, replacement).removeBeside("__sparknorm_staged_c_");
      assertThat(home.toFile().list()).containsExactly("t");
    } finally {
      spark().sql("DROP DATABASE leftovers CASCADE");
    }
  }
}
