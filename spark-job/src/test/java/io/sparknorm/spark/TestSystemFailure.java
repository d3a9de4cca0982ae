package io.sparknorm.spark;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TestSystemFailure {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "com.google.cloud.hadoop.gcsio.GoogleCloudStorageExceptions",
        "com.google.cloud.hadoop.repackaged.gcs.com.google.cloud.storage.StorageException",
        "com.google.cloud.hadoop.repackaged.gcs.com.google.api.gax.rpc.UnavailableException",
        "com.google.cloud.storage.StorageException",
        "org.apache.hadoop.fs.s3a.AWSClientIOException"
      })
  void clientsOfStorageTellOfTheSystem(String exception) {
    assertThat(SystemFailure.isOfAClient(exception)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "com.google.cloud.hadoop.repackaged.gcs.com.google.common.base.VerifyException",
        "com.google.cloud.spark.bigquery.repackaged.com.google.inject.ProvisionException",
        "com.google.cloud.spark.bigquery.BigQueryConnectorException",
        "com.google.common.util.concurrent.UncheckedExecutionException"
      })
  void whatElseTheyBringDoesNot(String exception) {
    assertThat(SystemFailure.isOfAClient(exception)).isFalse();
  }
}
