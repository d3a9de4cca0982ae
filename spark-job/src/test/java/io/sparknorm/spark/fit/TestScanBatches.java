package io.sparknorm.spark.fit;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparknorm.kernels.BatchNorm;
import io.sparknorm.kernels.Layout;
import io.sparknorm.kernels.TensorShape;
import io.sparknorm.spark.SparkTest;
import io.sparknorm.spark.config.FeatureSpec;
import io.sparknorm.spark.config.Mode;
import io.sparknorm.spark.config.NormSpec;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestScanBatches extends SparkTest {
  private static final String PARQUET = "spark.sql.parquet.columnarReaderBatchSize";

  @Test
  void wideRecordsComeInSmallBatchesWhileAJobReads() {
    try (ScanBatches batches = ScanBatches.of(spark(), List.of(block(4096), block(1024)))) {
      assertThat(spark().conf().get(PARQUET)).isEqualTo("51");
    }

    assertThat(spark().conf().contains(PARQUET)).isFalse();
  }

  @Test
  void narrowRecordsComeInSparksOwnBatches() {
    try (ScanBatches batches = ScanBatches.of(spark(), List.of(block(3)))) {
      assertThat(spark().conf().get(PARQUET)).isEqualTo("4096");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 500})
  void recordsOfAnyLengthComeInSmallBatches(int channels) {
    FeatureBlock variable = block(channels, TensorShape.VARIABLE);
    try (ScanBatches batches = ScanBatches.of(spark(), List.of(block(3), variable))) {
      assertThat(spark().conf().get(PARQUET)).isEqualTo("64");
    }
  }

  @Test
  void whatIsKnownOfALengthMakesBatchesSmallerStill() {
    try (ScanBatches batches =
        ScanBatches.of(spark(), List.of(block(16384, TensorShape.VARIABLE)))) {
      assertThat(spark().conf().get(PARQUET)).isEqualTo("16");
    }
  }

  @Test
  void whatTheUserHasSetStays() {
    spark().conf().set(PARQUET, "77");
    try (ScanBatches batches = ScanBatches.of(spark(), List.of(block(4096)))) {
      assertThat(spark().conf().get(PARQUET)).isEqualTo("77");
    }

    assertThat(spark().conf().get(PARQUET)).isEqualTo("77");
    spark().conf().unset(PARQUET);
  }

  private static FeatureBlock block(Integer... dimensions) {
    TensorShape shape = new TensorShape(List.of(dimensions), Layout.CHANNELS_FIRST);
    FeatureSpec features =
        new FeatureSpec(
            FeatureSpec.Form.TENSOR,
            List.of("x"),
            List.of("x"),
            Optional.of(shape),
            Optional.of(new NormSpec(BatchNorm.DEFAULT, Optional.empty())),
            Mode.TRAIN,
            Optional.empty(),
            Optional.empty());
    StructType schema = new StructType().add("x", DataTypes.createArrayType(DataTypes.FloatType));
    return FeatureBlock.find(features, shape, schema);
  }
}
