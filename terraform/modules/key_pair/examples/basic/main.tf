# A key for instances that somebody has to reach by SSH all the same. Its private half stays with whoever made it.

terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "key_pair" {
  source = "../.."

  name       = "todo-staging"
  public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJv8aDVyIXkqCsoTzWGiXVTdFp0Mu1t5S0cVyhqS0F1b todo-staging"
}

output "name" {
  description = "For key_name of an instance or a launch template."
  value       = module.key_pair.name
}
