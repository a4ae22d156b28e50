mock_provider "aws" {
  source = "./tests/mocks"
}

mock_provider "aws" {
  alias  = "us_east_1"
  source = "./tests/mocks"
}

override_data {
  target = data.terraform_remote_state.shared
  values = {
    outputs = {
      network      = { vpc_id = "vpc-0123456789abcdef0", public_subnet_ids = { "1" = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"] } }
      zone_id      = "Z0123456789ABC"
      repositories = { backend = { arn = "arn:aws:ecr:us-east-2:123456789012:repository/todo/backend", url = "123456789012.dkr.ecr.us-east-2.amazonaws.com/todo/backend" } }
    }
  }
}

variables {
  project_name     = "todo"
  environment_name = "staging"
  aws_region       = "us-east-2"
  owner            = "API team"
  domain_name      = "staging.todo.example.com"
  subnet_slot      = 1
  remote_state     = { bucket = "todo-states", key = "shared/terraform.tfstate", region = "us-east-2" }
  services = {
    backend = { port = 5000, path_patterns = ["/api/*"], health_path = "/status", memory_soft_mb = 64, memory_hard_mb = 128, desired_count = 2 }
  }
}

run "the_slots_subnets_and_the_tags_reach_the_environment" {
  command = plan
  module {
    source = "./stacks/environment"
  }

  assert {
    condition     = output.url == "https://staging.todo.example.com" && output.cluster_name == "todo-staging" && output.services["backend"].service_name == "backend"
    error_message = "An output has changed its meaning."
  }

  assert {
    condition     = local.tags == { Project = "todo", Environment = "staging", ManagedBy = "terraform", Owner = "API team" }
    error_message = "Cost reports go by these four tags."
  }
}

run "refuses_wrong_values" {
  command = plan
  module {
    source = "./stacks/environment"
  }
  variables {
    project_name             = "Todo_List"
    environment_name         = "an-environment-with-too-long-a-name"
    aws_region               = "ohio"
    owner                    = ""
    domain_name              = "staging"
    subnet_slot              = 7
    remote_state             = { bucket = "", key = "k", region = "us-east-2" }
    permissions_boundary_arn = "boundary"
    instance_type            = "micro"
    instance_volume_gb       = 8
    ecs_ami_ssm_parameter    = "ami-12345"
    container_insights       = "maybe"
    ssh_public_key           = "-----BEGIN OPENSSH PRIVATE KEY-----"
    log_retention_days       = 31
    noncurrent_version_days  = 0
    origin_protocol_policy   = "match-viewer"
    viewer_protocol_policy   = "none"
    emulator_port            = 80
    price_class              = "PriceClass_1"
    site_routing             = { index_in_folders = true, single_page = true }
    content_security_policy  = "default-src 'self'\nx: y"
    permissions_policy       = ""
    web_acl_arn              = "arn:aws:wafv2:us-east-2:123456789012:regional/webacl/todo/1"
  }
  expect_failures = [
    var.project_name,
    var.environment_name,
    var.aws_region,
    var.owner,
    var.domain_name,
    var.subnet_slot,
    var.remote_state,
    var.permissions_boundary_arn,
    var.instance_type,
    var.instance_volume_gb,
    var.ecs_ami_ssm_parameter,
    var.container_insights,
    var.ssh_public_key,
    var.log_retention_days,
    var.noncurrent_version_days,
    var.origin_protocol_policy,
    var.viewer_protocol_policy,
    var.emulator_port,
    var.price_class,
    var.site_routing,
    var.content_security_policy,
    var.permissions_policy,
    var.web_acl_arn,
  ]
}

run "refuses_no_instances" {
  command = plan
  module {
    source = "./stacks/environment"
  }
  variables {
    instance_count = 0
  }
  expect_failures = [var.instance_count]
}

run "refuses_fewer_small_instances_than_tasks" {
  command = plan
  module {
    source = "./stacks/environment"
  }
  variables {
    instance_count = 1
  }
  expect_failures = [var.instance_count]
}

run "refuses_the_name_of_the_shared_stack_and_routing_to_another_site" {
  command = plan
  module {
    source = "./stacks/environment"
  }
  variables {
    environment_name = "shared"
    site_routing     = { rules = [{ prefix = "/docs", replace_with = "https://elsewhere.example.com" }] }
  }
  expect_failures = [var.environment_name, var.site_routing]
}

run "refuses_a_service_of_33_letters" {
  command = plan
  module {
    source = "./stacks/environment"
  }
  variables {
    services = { service-of-thirty-three-characters = { port = 5000, path_patterns = ["/api/*"], health_path = "/status", memory_soft_mb = 64, memory_hard_mb = 128, desired_count = 2 } }
  }
  expect_failures = [var.services]
}

run "refuses_port_0" {
  command = plan
  module {
    source = "./stacks/environment"
  }
  variables {
    services = { backend = { port = 0, path_patterns = ["/api/*"], health_path = "/status", memory_soft_mb = 64, memory_hard_mb = 128, desired_count = 2 } }
  }
  expect_failures = [var.services]
}

run "refuses_zero_tasks" {
  command = plan
  module {
    source = "./stacks/environment"
  }
  variables {
    services = { backend = { port = 5000, path_patterns = ["/api/*"], health_path = "/status", memory_soft_mb = 64, memory_hard_mb = 128, desired_count = 0 } }
  }
  expect_failures = [var.services]
}

run "refuses_soft_memory_above_hard" {
  command = plan
  module {
    source = "./stacks/environment"
  }
  variables {
    services = { backend = { port = 5000, path_patterns = ["/api/*"], health_path = "/status", memory_soft_mb = 256, memory_hard_mb = 128, desired_count = 2 } }
  }
  expect_failures = [var.services]
}

run "refuses_a_path_without_a_slash" {
  command = plan
  module {
    source = "./stacks/environment"
  }
  variables {
    services = { backend = { port = 5000, path_patterns = ["api"], health_path = "/status", memory_soft_mb = 64, memory_hard_mb = 128, desired_count = 2 } }
  }
  expect_failures = [var.services]
}

run "refuses_a_path_twice" {
  command = plan
  module {
    source = "./stacks/environment"
  }
  variables {
    services = { backend = { port = 5000, path_patterns = ["/api/*", "/api/*"], health_path = "/status", memory_soft_mb = 64, memory_hard_mb = 128, desired_count = 2 } }
  }
  expect_failures = [var.services]
}

run "refuses_a_secret_itself" {
  command = plan
  module {
    source = "./stacks/environment"
  }
  variables {
    services = { backend = { port = 5000, path_patterns = ["/api/*"], health_path = "/status", memory_soft_mb = 64, memory_hard_mb = 128, desired_count = 2, secrets = { KEY = "hunter2" } } }
  }
  expect_failures = [var.services]
}

run "refuses_autoscaling_whose_least_is_above_its_most" {
  command = plan
  module {
    source = "./stacks/environment"
  }
  variables {
    services = { backend = { port = 5000, path_patterns = ["/api/*"], health_path = "/status", memory_soft_mb = 64, memory_hard_mb = 128, cpu_units = 256, desired_count = 2, autoscaling = { min_count = 3, max_count = 2, cpu_percent = 60 } } }
  }
  expect_failures = [var.services]
}

run "refuses_autoscaling_without_a_target" {
  command = plan
  module {
    source = "./stacks/environment"
  }
  variables {
    services = { backend = { port = 5000, path_patterns = ["/api/*"], health_path = "/status", memory_soft_mb = 64, memory_hard_mb = 128, desired_count = 2, autoscaling = { min_count = 1, max_count = 2 } } }
  }
  expect_failures = [var.services]
}

run "refuses_autoscaling_by_a_processor_share_that_is_not_set_aside" {
  command = plan
  module {
    source = "./stacks/environment"
  }
  variables {
    services = { backend = { port = 5000, path_patterns = ["/api/*"], health_path = "/status", memory_soft_mb = 64, memory_hard_mb = 128, desired_count = 2, autoscaling = { min_count = 1, max_count = 2, cpu_percent = 60 } } }
  }
  expect_failures = [var.services]
}

run "refuses_half_a_processor_unit" {
  command = plan
  module {
    source = "./stacks/environment"
  }
  variables {
    services = { backend = { port = 5000, path_patterns = ["/api/*"], health_path = "/status", memory_soft_mb = 64, memory_hard_mb = 128, cpu_units = 0.5, desired_count = 2 } }
  }
  expect_failures = [var.services]
}
