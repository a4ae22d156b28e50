# A network for production (slot 0), staging (slot 1) and previews (slot 2), with a way out for the private subnets.

terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

module "network" {
  source = "../.."

  name               = "todo"
  aws_region         = "us-east-2"
  availability_zones = ["us-east-2a", "us-east-2b"]

  public_subnet_slots = [0, 1, 2]
  # Previews come and go, and each takes few addresses: a quarter of a slot will do.
  public_subnet_cidrs = { "2" = ["10.0.96.0/22", "10.0.100.0/22"] }

  nat_gateway             = true
  flow_log_retention_days = 30
}

output "subnet_cidrs" {
  description = "Where each slot and the private pair lie."
  value       = module.network.subnet_cidrs
}

output "nat_public_ip" {
  description = "What others have to let in when something in a private subnet calls them."
  value       = module.network.nat_public_ip
}
