terraform {
  required_version = ">= 1.10"

  # Where the state is kept is said at init, by -backend-config.
  backend "s3" {}

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}
