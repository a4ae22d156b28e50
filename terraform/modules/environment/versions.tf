terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
      # CloudFront takes its certificate from us-east-1, wherever the environment runs.
      configuration_aliases = [aws.us_east_1]
    }
  }
}
