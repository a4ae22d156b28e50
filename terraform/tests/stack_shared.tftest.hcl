mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  project_name = "todo"
  aws_region   = "us-east-2"
  owner        = "API team"
  zone_name    = "todo.example.com"
  repositories = ["backend"]
}

run "images_cannot_be_swapped_under_a_running_environment" {
  command = plan
  module {
    source = "./stacks/shared"
  }

  assert {
    condition     = aws_ecr_repository.service["backend"].name == "todo/backend" && aws_ecr_repository.service["backend"].image_tag_mutability == "IMMUTABLE" && one(aws_ecr_repository.service["backend"].image_scanning_configuration).scan_on_push
    error_message = "A tag means one image for ever, and every image is scanned."
  }

  assert {
    condition     = !aws_ecr_repository.service["backend"].force_delete && jsondecode(aws_ecr_lifecycle_policy.service["backend"].policy).rules[0].selection.countNumber == 30
    error_message = "Images are what a rollback has: on AWS they are not deleted with the stack, and thirty are kept."
  }

  assert {
    condition     = aws_route53_zone.this.name == "todo.example.com" && output.network.nat_public_ip == null && length(output.network.public_subnet_ids) == 2
    error_message = "The zone, or the network's two slots, are not as they were."
  }
}

run "an_emulator_lets_everything_go" {
  command = plan
  module {
    source = "./stacks/shared"
  }
  variables {
    emulated = true
  }

  assert {
    condition     = aws_ecr_repository.service["backend"].force_delete
    error_message = "On an emulator nothing has to outlive the stack."
  }
}

run "refuses_wrong_values" {
  command = plan
  module {
    source = "./stacks/shared"
  }
  variables {
    project_name             = "Todo_List"
    aws_region               = "ohio"
    owner                    = ""
    zone_name                = "todo"
    repositories             = ["Back_end"]
    kept_images              = 1
    vpc_cidr                 = "10.0.0.0/8"
    availability_zones       = ["us-east-2a"]
    public_subnet_slots      = [7]
    public_subnet_cidrs      = { "1" = ["10.0.32.0/20"] }
    private_subnet_cidrs     = ["10.0.64.0/20"]
    flow_log_retention_days  = 0
    permissions_boundary_arn = "boundary"
  }
  expect_failures = [
    var.project_name, var.aws_region, var.owner, var.zone_name, var.repositories, var.kept_images, var.vpc_cidr,
    var.availability_zones, var.public_subnet_slots, var.public_subnet_cidrs, var.private_subnet_cidrs,
    var.flow_log_retention_days, var.permissions_boundary_arn,
  ]
}

run "refuses_a_project_of_21_letters" {
  command = plan
  module {
    source = "./stacks/shared"
  }
  variables {
    project_name = "project-of-21-letters"
  }
  expect_failures = [var.project_name]
}
